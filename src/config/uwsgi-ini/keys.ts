/** What becomes of a key of [uwsgi]. */
export type KeyMeaning =
  /** An option of WSGIDaemonProcess with the same value, or a number that is counted otherwise. */
  | {
      readonly kind: 'option';
      readonly option: string;
      readonly as?: 'number' | 'count' | 'megabytes' | 'kilobytes';
    }
  /** Says what is served and from where; see apply-ini.ts. */
  | { readonly kind: 'own' }
  /** modhost does it anyway, does it elsewhere, or has no such part. */
  | { readonly kind: 'no-effect' }
  /** Something would be missing that a site may rely on: said, one by one. */
  | { readonly kind: 'missing'; readonly instead: string }
  /** Somebody would be less confined, or more would be let in, without it. */
  | { readonly kind: 'refused'; readonly instead: string };

/** Every key that has a meaning here; others are names that people give to values, or mistakes. */
export const knownKeys: ReadonlyMap<string, KeyMeaning> = new Map<string, KeyMeaning>([
  ...own(
    'chdir module wsgi wsgi-file file callable mount static-map static-map2 pythonpath python-path pp env uid gid add-gid additional-gid cheap idle',
  ),

  ...option('python-home', 'home virtualenv venv pyhome'),
  ...option('umask', 'umask'),
  ...option('display-name', 'procname'),
  ...option('processes', 'processes workers', 'count'),
  ...option('threads', 'threads', 'count'),
  ...option('listen-backlog', 'listen', 'number'),
  ...option('socket-timeout', 'socket-timeout', 'number'),
  ...option('request-timeout', 'harakiri', 'number'),
  ...option('maximum-requests', 'max-requests', 'number'),
  ...option('maximum-requests-jitter', 'max-requests-delta', 'number'),
  ...option('restart-interval', 'max-worker-lifetime', 'number'),
  ...option('graceful-timeout', 'worker-reload-mercy', 'number'),
  ...option('shutdown-timeout', 'reload-mercy', 'number'),
  ...option('memory-recycle', 'reload-on-rss evil-reload-on-rss', 'megabytes'),
  ...option('virtual-memory-limit', 'limit-as', 'megabytes'),
  ...option(
    'stack-size',
    'threads-stacksize thread-stacksize threads-stack-size thread-stack-size',
    'kilobytes',
  ),
  ...option('cpu-priority', 'prio', 'number'),

  // How clients reach uWSGI: here they reach the front end.
  ...noEffect(
    `socket uwsgi-socket http http-socket http11-socket https https-socket fastcgi-socket scgi-socket suwsgi-socket http-to http-modifier1 http-timeout
    http-keepalive http-auto-chunked http-processes chmod-socket chown-socket socket-protocol protocol buffer-size post-buffering
    post-buffering-bufsize so-keepalive so-send-timeout socket-send-timeout socket-write-timeout socket-sndbuf socket-rcvbuf tcp-nodelay reuse-port
    thunder-lock abstract-socket http-enable-proxy-protocol proxy-protocol http-buffer-size ignore-sigpipe ignore-write-errors
    disable-write-exception write-errors-tolerance write-errors-exception-only manage-script-name`,
  ),
  // How uWSGI runs: the supervisor does these.
  ...noEffect(
    `master no-orphans die-on-term exit-on-reload need-app vacuum pidfile pidfile2 safe-pidfile safe-pidfile2 daemonize daemonize2 lazy lazy-apps
    enable-threads single-interpreter no-threads-wait auto-procname procname-prefix procname-prefix-spaced procname-append procname-master
    plugin plugins plugin-dir plugins-dir plugin-list plugins-list no-server strict harakiri-verbose min-worker-lifetime max-worker-lifetime-delta
    cheaper cheaper-initial cheaper-step cheaper-overload cheaper-algo cheaper-busyness-min cheaper-busyness-max cheaper-busyness-multiplier
    cheaper-busyness-penalty cheaper-busyness-verbose cheaper-busyness-backlog-alert cheaper-busyness-backlog-step cheaper-rss-limit-soft
    cheaper-rss-limit-hard cpu-affinity offload-threads master-fifo stats stats-server stats-http memory-report backtrace-depth close-on-exec
    close-on-exec2 set set-ph set-placeholder wsgi-env-behavior wsgi-env-behaviour wsgi-strict wsgi-accept-buffer wsgi-accept-buffers
    py-call-osafterfork py-call-uwsgi-fork-hooks py-tracebacker reload-os-env optimize log-master log-master-bufsize show-config
    logto logto2 log-format logformat log-date logdate log-4xx log-5xx log-slow log-zero log-big log-reopen log-truncate log-maxsize log-backupname
    log-x-forwarded-for log-encoder logger req-logger threaded-logger disable-logging log-sendfile log-micros log-ioerror log-sigpipe`,
  ),

  ...missing(
    'modhost reload GROUP',
    'touch-reload touch-chain-reload touch-workers-reload fs-reload touch-mules-reload',
  ),
  ...missing(
    'a change of the script file replaces processes',
    'py-autoreload py-auto-reload python-autoreload python-auto-reload',
  ),
  ...missing(
    'a service of the system',
    'attach-daemon attach-daemon2 smart-attach-daemon smart-attach-daemon2 legion-attach-daemon',
  ),
  ...missing('a scheduler of the system', 'cron cron2 unique-cron'),
  ...missing(
    'a group with threads=0',
    'mule mules farm spooler spooler-processes spooler-frequency spooler-max-tasks',
  ),
  ...missing('WSGIImportScript', 'import pyimport py-import python-import shared-import shared-pyimport'),
  ...missing(
    'what the module itself does',
    'pyargv post-pymodule-alias eval paste ini-paste ini-paste-logged pecan',
  ),
  ...missing('memory-recycle=', 'reload-on-as evil-reload-on-as'),
  ...missing('the cache of the application', 'cache cache2 queue sharedarea'),
  ...missing('Header', 'add-header'),
  ...missing(
    'ExpiresActive and ExpiresByType',
    'static-expires static-expires-uri static-expires-type static-expires-mtime',
  ),
  ...missing('DirectoryIndex', 'static-index'),
  ...missing('Alias', 'check-static check-static-docroot'),
  ...missing(
    'a unit of systemd, or the start of modhost',
    'exec-asap exec-pre-jail exec-post-jail exec-as-root exec-as-user exec-pre-app exec-post-app exec-as-user-atexit hook-asap hook-pre-jail hook-post-jail hook-as-root hook-as-user hook-pre-app hook-post-app hook-post-fork hook-accepting hook-accepting1 hook-accepting-once hook-as-user-atexit chdir2',
  ),

  ...refused('one file that says everything', 'ini include inherit yaml json xml config emperor vassals-dir'),
  ...refused(
    'lines without conditions',
    'if if-not if-opt if-not-opt if-env if-not-env ifenv if-exists if-not-exists ifexists if-file if-not-file if-dir if-not-dir ifdir if-directory if-plugin if-not-plugin ifplugin if-reload if-not-reload if-hostname if-not-hostname if-hostname-match if-not-hostname-match endif end-if for for-glob for-times for-readline endfor end-for',
  ),
  ...refused(
    'RewriteRule, Redirect, Require and AuthType in the site file',
    'route route-if route-if-not route-host route-uri route-qs route-remote-addr route-remote-user route-user-agent route-referer route-label route-run final-route error-route response-route',
  ),
  ...refused('LimitRequestBody', 'limit-post'),
  ...refused('Require in the site file', 'static-skip-ext'),
  ...refused('supplementary-groups=', 'no-initgroups'),
  ...refused('chroot= on WSGIDaemonProcess in the site file', 'chroot'),
  ...refused(
    'a container',
    'pivot_root jail jail2 unshare unshare2 namespace namespace-net ns-net setns cgroup cap capabilities limit-nproc',
  ),
]);

function option(name: string, keys: string, as?: 'number' | 'count' | 'megabytes' | 'kilobytes') {
  return rows(keys, { kind: 'option', option: name, ...(as === undefined ? {} : { as }) });
}

function own(keys: string) {
  return rows(keys, { kind: 'own' });
}

function noEffect(keys: string) {
  return rows(keys, { kind: 'no-effect' });
}

function missing(instead: string, keys: string) {
  return rows(keys, { kind: 'missing', instead });
}

function refused(instead: string, keys: string) {
  return rows(keys, { kind: 'refused', instead });
}

function rows(keys: string, meaning: KeyMeaning): (readonly [string, KeyMeaning])[] {
  return keys
    .split(/\s+/)
    .filter((key) => key !== '')
    .map((key) => [key, meaning] as const);
}
