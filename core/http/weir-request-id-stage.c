/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "http/weir-request-id-stage-private.h"
#include "http/weir-concurrent.h"

#define SANE_MAX 64
#define TRACE_ID_LENGTH 32
#define TRACEPARENT_LENGTH 55

struct _WeirRequestIdStage
{
  GObject parent_instance;
};

static void weir_request_id_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirRequestIdStage,
                               weir_request_id_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE,
                                                      weir_request_id_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static guint32 process_suffix;
static guint64 process_seed;
static gsize n_made; /* atomic */

static gboolean
is_sane (const WeirField *field)
{
  if (field->value_length == 0 || field->value_length > SANE_MAX)
    return FALSE;
  for (guint32 i = 0; i < field->value_length; i++)
    {
      char c = field->value[i];

      if (!g_ascii_isalnum (c) && c != '.' && c != '_' && c != '-')
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_lower_hex (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isdigit (text[i]) && (text[i] < 'a' || text[i] > 'f'))
      return FALSE;
  return TRUE;
}

static gboolean
is_zero (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (text[i] != '0')
      return FALSE;
  return TRUE;
}

/* version "-" trace id "-" parent id "-" flags; later versions may say more after a dash. */
static const char *
get_trace_id (const WeirField *field)
{
  const char *text = field->value;

  if (field->value_length < TRACEPARENT_LENGTH || text[2] != '-' || text[35] != '-' ||
      text[52] != '-')
    return NULL;
  if (!is_lower_hex (text, 2) || !is_lower_hex (text + 3, TRACE_ID_LENGTH) ||
      !is_lower_hex (text + 36, 16) || !is_lower_hex (text + 53, 2))
    return NULL;
  if (strncmp (text, "ff", 2) == 0 || is_zero (text + 3, TRACE_ID_LENGTH) ||
      is_zero (text + 36, 16))
    return NULL;
  if (field->value_length > TRACEPARENT_LENGTH &&
      (strncmp (text, "00", 2) == 0 || text[TRACEPARENT_LENGTH] != '-'))
    return NULL;
  return text + 3;
}

/* Eight digits: the nibbles of a word spread over its bytes, and made letters all at once. */
static void
put_hex (char *out, guint32 value)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  guint64 x = value;

  x = (x | x << 16) & G_GUINT64_CONSTANT (0x0000ffff0000ffff);
  x = (x | x << 8) & G_GUINT64_CONSTANT (0x00ff00ff00ff00ff);
  x = (x | x << 4) & G_GUINT64_CONSTANT (0x0f0f0f0f0f0f0f0f);
  x += '0' * ones + (((x + 6 * ones) >> 4) & ones) * ('a' - '0' - 10);
  x = GUINT64_TO_BE (x);
  memcpy (out, &x, sizeof x);
}

/* Unique, not secret: a counter, mixed so that neighbours differ in the first few letters
 * already, which is all that people look at; then what tells this process from others. */
static void
make_id (char *out)
{
  guint64 x = process_seed +
              (guint64) g_atomic_pointer_add (&n_made, 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  x ^= x >> 31;
  put_hex (out, (guint32) (x >> 32));
  put_hex (out + 8, (guint32) x);
  put_hex (out + 16, process_suffix);
  out[24] = '\0';
}

static WeirStageResult
weir_request_id_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirHead *head = weir_exchange_get_request (exchange);
  const WeirField *given = weir_head_find (head, WEIR_FIELD_X_REQUEST_ID);
  const WeirField *traceparent;
  const char *trace_id;
  char id[SANE_MAX + 1];

  if (given != NULL && is_sane (given))
    {
      memcpy (id, given->value, given->value_length);
      id[given->value_length] = '\0';
    }
  else if ((traceparent = weir_head_find (head, WEIR_FIELD_TRACEPARENT)) != NULL &&
           (trace_id = get_trace_id (traceparent)) != NULL)
    {
      memcpy (id, trace_id, TRACE_ID_LENGTH);
      id[TRACE_ID_LENGTH] = '\0';
    }
  else
    make_id (id);

  /* The one that counts is sent with the request; a bad one must not go beside it. */
  if (given != NULL)
    weir_head_remove_id (head, WEIR_FIELD_X_REQUEST_ID);
  weir_exchange_set_request_id (exchange, id);
  return WEIR_STAGE_CONTINUE;
}

static WeirPhase
weir_request_id_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_REQUEST_ID;
}

static void
weir_request_id_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_request_id_stage_process;
  iface->get_phase = weir_request_id_stage_get_phase;
}

static void
weir_request_id_stage_class_init (WeirRequestIdStageClass *klass)
{
  process_suffix = g_random_int ();
  process_seed = (guint64) g_random_int () << 32 | g_random_int ();
}

static void
weir_request_id_stage_init (WeirRequestIdStage *self)
{
}

WeirRequestIdStage *
weir_request_id_stage_new (void)
{
  return g_object_new (WEIR_TYPE_REQUEST_ID_STAGE, NULL);
}
