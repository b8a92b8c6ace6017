"""What `./dev help` prints."""

USAGE = """\
usage: ./dev COMMAND

  up [--detach] [--port N] [--fresh] [--live] [--watch]
                         build every function, start the local cloud, load the demo feeds, serve http://127.0.0.1:3000
                           --detach  return when everything is ready     --port N  another port than 3000
                           --fresh   forget the data                     --live    the agencies' real end points
                           --watch   rebuild and update a changed function
  down                   stop the local cloud and keep its data
  logs [FUNCTION] [-f]   show the logs of one function, or of all; -f goes on
  invoke FUNCTION FILE   run a function once with an event, for instance ./dev invoke sync events/sync/plan.json
  sync [AGENCY]          plan a sync now, of every agency or of one
  admin EMAIL            make an administrator of somebody who has registered
  import users FILE      bring people in from the old backend (CSV with a header, or a JSON object a line)
  rotate-keys [--revoke KID [--end-sessions]]
                         sign access tokens with a new key; --revoke ends a key at once, --end-sessions every session too
  test [NAME]            run every test, or those whose name contains NAME, on a local cloud of their own
  check                  formatting, lints, documentation, unused dependencies, spelling, template, openapi.json
  bench                  measure and print the table of the README
  package                build the release zips as sam deploy would take them
  help                   this page
"""
