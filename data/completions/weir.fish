# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for weir

function __weir_functions
    weir list --json 2>/dev/null | string replace -r '"problems".*' '' | string match -ra '"name":"[^"]*"' | string split -f4 '"'
end

function __weir_plugins
    weir plugin list --json 2>/dev/null | string match -ra '"id":"[^"]*"' | string split -f4 '"'
end

set -l none __fish_use_subcommand
complete -c weir -n $none -x -a serve -d 'Serve a folder of functions'
complete -c weir -n $none -x -a new -d 'Write a first version of a function'
complete -c weir -n $none -x -a invoke -d 'Call a function once'
complete -c weir -n $none -x -a list -d 'List the functions'
complete -c weir -n $none -x -a status -d 'Show what a running server does'
complete -c weir -n $none -x -a config -d 'Check or explain the configuration'
complete -c weir -n $none -x -a secrets -d 'Set, list or remove the secrets of functions'
complete -c weir -n $none -x -a api-keys -d 'Create, list or revoke API keys'
complete -c weir -n $none -x -a store -d 'Look for damage in what is stored, or copy it'
complete -c weir -n $none -x -a plugin -d 'List the plugins, or show one'
complete -c weir -n $none -x -a doctor -d 'Look for what is missing'
complete -c weir -n $none -l version -d 'The version'
complete -c weir -l help -d 'What there is'

set -l in __fish_seen_subcommand_from
complete -c weir -n "$in serve" -s l -l listen -x -d 'Listen there'
complete -c weir -n "$in serve" -s e -l env-file -r -d 'Environment of the functions'
complete -c weir -n "$in serve" -l trusted-proxy -x -d 'Believe what this proxy says about who calls'
complete -c weir -n "$in serve" -l adapter -x -a 'native soup' -d 'Speak to clients through it'
complete -c weir -n "$in serve" -l data-threads -x -d 'Serve requests on so many threads'
complete -c weir -n "$in serve" -l no-reload -d 'Do not watch the files'
complete -c weir -n "$in serve" -s q -l quiet -d 'No line for each request'
complete -c weir -n "$in serve" -l strict-reload -d 'Let a broken edit fail'
complete -c weir -n "$in serve" -l no-verify-jwt -d 'Let everybody call every function'
complete -c weir -n "$in serve" -l log-level -x -a 'error warning message info debug' -d 'How much Weir says'
complete -c weir -n "$in serve list status doctor" -x -a '(__fish_complete_directories)'
complete -c weir -n "$in serve invoke list status config secrets api-keys plugin doctor" -l json -d 'Print JSON'
complete -c weir -n "$in new" -s t -l template -x -a 'hello json hono websocket fluxbase flux' -d 'What to begin with'
complete -c weir -n "$in new config secrets api-keys store plugin" -s d -l dir -x -a '(__fish_complete_directories)' -d 'The project'
complete -c weir -n "$in invoke" -s d -l data -x -d 'The body'
complete -c weir -n "$in invoke" -s X -l method -x -a 'GET POST PUT PATCH DELETE OPTIONS HEAD' -d 'The method'
complete -c weir -n "$in invoke" -s H -l header -x -d 'A header'
complete -c weir -n "$in invoke" -s p -l path -x -d 'What follows the name'
complete -c weir -n "$in invoke status" -s u -l url -x -d 'Ask the server there'
complete -c weir -n "$in invoke" -l dir -x -a '(__fish_complete_directories)' -d 'The project'
complete -c weir -n "$in invoke" -x -a '(__weir_functions)'
complete -c weir -n "$in config" -x -a 'check explain (__weir_functions)'
complete -c weir -n "$in secrets" -x -a 'set list unset'
complete -c weir -n "$in secrets" -l env-file -r -d 'Set all that is in a .env file'
complete -c weir -n "$in secrets" -l user -x -d 'The secrets of one user'
complete -c weir -n "$in api-keys" -x -a 'create list revoke'
complete -c weir -n "$in api-keys" -l name -x -d 'What to call the key'
complete -c weir -n "$in api-keys" -l test -d 'Mark it as one for tests'
complete -c weir -n "$in api-keys" -l scope -x -d 'What it may do'
complete -c weir -n "$in api-keys" -l plan -x -d 'The plan that limits its use'
complete -c weir -n "$in api-keys" -l expires -x -d 'When it ends'
complete -c weir -n "$in store" -a 'check backup'
complete -c weir -n "$in plugin" -x -a 'list info (__weir_plugins)'
