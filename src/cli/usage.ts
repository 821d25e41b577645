/** What -h prints, and what follows the message of a usage error. */
export const usage = `Usage: modhost [-f FILE] [-d DIRECTORY] [-D NAME]... [-C DIRECTIVE]... [-c DIRECTIVE]... [-e LEVEL]
               [-X | run | -k start|stop|restart|graceful|graceful-stop]
       modhost [-f FILE] [-d DIRECTORY] [-D NAME]... -t [--json] | -S
       modhost [-f FILE] [-d DIRECTORY] status [--json] | plan [--json] | reload GROUP
       modhost -M | -L | -v | -V | -h
       modhost [-f FILE] [-d DIRECTORY] [-D NAME]... config --resolved
       modhost explain [--method M] [--user U] [--group G]... [--ip A] [--header 'N: v']... [--json] URL
       modhost htpasswd [OPTIONS]...
       modhost htdigest [OPTIONS]...

Where the site is
  -f FILE        site file, relative to ServerRoot (default: conf/site.conf)
  -d DIRECTORY   ServerRoot until the site file names another (default: the current directory;
                 if that has no conf/site.conf, the directory of modhost with its sample site)
  -D NAME        define a name for <IfDefine NAME>
  -C DIRECTIVE   process a directive before the site file
  -c DIRECTIVE   process a directive after the site file

What to do (default: start in the background)
  -X, run        serve in the foreground until the terminal's Ctrl-C
  start          serve in the background
  stop           end the server at once
  graceful-stop  end it when the requests under way are answered
  restart        read the site file again, ending requests under way
  graceful       read the site file again, letting requests under way end
                 (each word also as the value of -k); returns when the new one serves, or says why not
  reload GROUP   new processes for one process group, with the code that is there now
  plan           show what graceful would start, replace and end
  status         show the processes of a running server and what became of those before them
  -t             check the site file: "Syntax OK", or every mistake in it with its place and its
                 code (docs/errors.md explains each); --json: for editors and CI
  -S             show virtual hosts, process groups and mounts
  explain URL    show which virtual host, sections, access rules, application and environ a
                 request would meet, and who says so; no server need run
  config --resolved
                 print the site file after files, macros, conditionals and variables, each directive
                 with its origin, without passwords
  htpasswd       maintain a password file; modhost htpasswd -h says more
  htdigest       the same for AuthType Digest; modhost htdigest -h says more

What there is
  -L             list the directives          -M   list the modules
  -v             version                      -V   version and compiled-in settings
  -e LEVEL       say more during the start: emerg, alert, crit, error, warn, notice, info, debug, trace1-8
  -h             this page
`;
