# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for weir

_weir_functions() {
  weir list --json 2>/dev/null | sed 's/"problems".*//' | grep -o '"name":"[^"]*"' | cut -d'"' -f4
}

_weir() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  local words='' folders=0 files=0

  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W \
      'serve new invoke list status config secrets api-keys store plugin doctor --help --version' -- "$cur")
    return
  fi
  case $prev in
    --template | -t) words='hello json hono websocket fluxbase flux' ;;
    --log-level) words='error warning message info debug' ;;
    --adapter) words='native soup' ;;
    --method | -X) words='GET POST PUT PATCH DELETE OPTIONS HEAD' ;;
    --env-file | -e) files=1 ;;
    --dir) folders=1 ;;
    *)
      case $command in
        serve)
          words='--listen --env-file --adapter --data-threads --trusted-proxy --no-reload --strict-reload --no-verify-jwt --json --quiet --log-level --help'
          folders=1
          ;;
        new) words='--template --dir --help' ;;
        invoke)
          words='--data --method --header --path --url --dir --json --help'
          if [[ $cur != -* ]]; then words=$(_weir_functions); fi
          ;;
        status)
          words='--json --url --help'
          ;;
        list | doctor)
          words='--json --help'
          folders=1
          ;;
        config)
          words='check explain --dir --json --help'
          if [[ $prev == explain ]]; then words=$(_weir_functions); fi
          ;;
        secrets) words='set list unset --env-file --user --dir --json --help' ;;
        api-keys)
          words='create list revoke --name --test --scope --plan --expires --dir --json --help'
          ;;
        store)
          words='check backup --dir --help'
          files=1
          ;;
        plugin)
          words='list info --dir --json --help'
          if [[ $prev == info ]]; then
            words=$(weir plugin list --json 2>/dev/null | grep -o '"id":"[^"]*"' | cut -d'"' -f4)
          fi
          ;;
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  if ((files)); then mapfile -t COMPREPLY < <(compgen -f -- "$cur"); fi
  if ((folders)) && [[ $cur != -* ]]; then
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur")
  fi
}

complete -o filenames -F _weir weir
