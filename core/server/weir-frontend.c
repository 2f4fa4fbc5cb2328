/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-frontend-private.h"

#include "server/weir-listen-private.h"

struct _WeirFrontend
{
  GPtrArray *lanes;
  GPtrArray *engines;
};

WeirFrontend *
weir_frontend_new (GMainContext *control, GPtrArray *stages, GError **error)
{
  g_autoptr (WeirFrontend) self = g_new0 (WeirFrontend, 1);

  self->lanes = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_lane_free);
  self->engines = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < stages->len; i++)
    {
      WeirLane *lane = weir_lane_new (i, control, stages->pdata[i], stages->len > 1, error);

      if (lane == NULL)
        return NULL;
      g_ptr_array_add (self->lanes, lane);
      g_ptr_array_add (self->engines, g_object_ref (weir_lane_get_engine (lane)));
    }

  return g_steal_pointer (&self);
}

guint
weir_frontend_get_n_lanes (WeirFrontend *self)
{
  return self->lanes->len;
}

WeirLane *
weir_frontend_get_lane (WeirFrontend *self, guint index)
{
  g_return_val_if_fail (index < self->lanes->len, NULL);

  return self->lanes->pdata[index];
}

GPtrArray *
weir_frontend_get_engines (WeirFrontend *self)
{
  return self->engines;
}

static GPtrArray *
repeat_sockets (GPtrArray *sockets, gboolean repeat, GError **error)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < sockets->len; i++)
    {
      GSocket *other =
          repeat ? weir_listen_repeat (sockets->pdata[i], error) : g_object_ref (sockets->pdata[i]);

      if (other == NULL)
        return NULL;
      g_ptr_array_add (others, other);
    }

  return g_steal_pointer (&others);
}

static gboolean
start_lane (WeirLane *lane,
            WeirAdapter *adapter,
            GPtrArray *sockets,
            gboolean repeat,
            GError **error)
{
  g_autoptr (GPtrArray) others = repeat_sockets (sockets, repeat, error);

  return others != NULL && weir_lane_start (lane, adapter, others, error);
}

gboolean
weir_frontend_start (WeirFrontend *self,
                     GPtrArray *adapters,
                     GPtrArray *sockets,
                     gboolean repeat,
                     GError **error)
{
  g_return_val_if_fail (adapters->len == self->lanes->len, FALSE);

  for (guint i = 0; i < self->lanes->len; i++)
    if (!start_lane (self->lanes->pdata[i], adapters->pdata[i], sockets, repeat && i > 0, error))
      {
        weir_frontend_stop (self);
        return FALSE;
      }

  return TRUE;
}

static void
call_all (WeirFrontend *self, void (*func) (WeirLane *lane))
{
  for (guint i = 0; i < self->lanes->len; i++)
    func (self->lanes->pdata[i]);
}

void
weir_frontend_drain (WeirFrontend *self)
{
  call_all (self, weir_lane_drain);
}

void
weir_frontend_stop (WeirFrontend *self)
{
  call_all (self, weir_lane_stop);
}

gboolean
weir_frontend_is_drained (WeirFrontend *self)
{
  for (guint i = 0; i < self->lanes->len; i++)
    if (!weir_lane_is_drained (self->lanes->pdata[i]))
      return FALSE;

  return TRUE;
}

gboolean
weir_frontend_has_upgraded (WeirFrontend *self)
{
  for (guint i = 0; i < self->lanes->len; i++)
    if (weir_lane_has_upgraded (self->lanes->pdata[i]))
      return TRUE;

  return FALSE;
}

/* No thread ends before there is nothing left on any that could send it a message. */
void
weir_frontend_free (WeirFrontend *self)
{
  call_all (self, weir_lane_clear);
  g_ptr_array_unref (self->engines);
  g_ptr_array_unref (self->lanes);
  g_free (self);
}
