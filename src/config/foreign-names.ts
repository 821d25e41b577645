/** Directives that site files hold although neither Apache 2.4 nor modhost has them. */

/** What is to be said of such a name, in any case; undefined: nothing is known of it. */
export function describeForeignName(name: string): string | undefined {
  const instead = gone.get(name.toLowerCase());
  if (instead !== undefined) return `is gone since Apache 2.4; ${instead}`;
  const module = modulesElsewhere.find(([, names]) => names.test(name))?.[0];
  if (module === undefined) return undefined;
  return `belongs to mod_${module}, a module that does not come with Apache and that modhost does not have`;
}

/** What Apache 1.3, 2.0 and 2.2 had → what to write today. */
const gone: ReadonlyMap<string, string> = new Map(
  [
    ['AcceptMutex LockFile RewriteLock SSLMutex WatchdogMutexPath', 'leave it out'],
    ['RewriteLog RewriteLogLevel', 'expected LogLevel rewrite:trace3, which writes to the error log'],
    ['AuthAuthoritative AuthDBMAuthoritative', 'expected AuthBasicAuthoritative'],
    ['AuthDigestFile', 'expected AuthDigestProvider file and AuthUserFile'],
    ['AuthDigestGroupFile', 'expected AuthGroupFile'],
    ['AuthLDAPEnabled AuthLDAPAuthoritative', 'leave it out'],
    ['AuthzLDAPAuthoritative AuthzUserAuthoritative AuthzGroupFileAuthoritative', 'leave it out'],
    ['AuthzDBMAuthoritative AuthzOwnerAuthoritative AuthzDefaultAuthoritative', 'leave it out'],
    ['AuthDBGroupFile AuthDBUserFile', 'expected AuthDBMGroupFile and AuthDBMUserFile'],
    ['Port BindAddress', 'expected Listen'],
    ['ServerType AddModule ClearModuleList ResourceConfig AccessConfig', 'leave it out'],
    ['CookieLog', 'expected CustomLog'],
    ['StartThreads MaxThreads', 'expected ThreadsPerChild'],
    ['AgentLog RefererLog RefererIgnore', 'expected CustomLog'],
  ].flatMap(([names = '', instead = '']) =>
    names.split(' ').map((name): [string, string] => [name.toLowerCase(), instead]),
  ),
);

/** Modules from elsewhere, by the beginnings of their directives' names. */
const modulesElsewhere: readonly (readonly [module: string, names: RegExp])[] = [
  ['auth_cas', /^CAS[A-Z]/],
  ['auth_gssapi', /^Gssapi/i],
  ['auth_kerb', /^(Krb|KrbMethod|Krb5)/i],
  ['auth_mellon', /^Mellon/i],
  ['auth_mysql', /^Auth_?MySQL/i],
  ['auth_ntlm_winbind', /^(NTLM|Negotiate|PlaintextAuth)/i],
  ['auth_openidc', /^OIDC/i],
  ['auth_pam', /^AuthPAM/i],
  ['auth_pgsql', /^Auth_PG_/i],
  ['auth_pubtkt', /^(TKTAuth|AuthPubTKT)/i],
  ['auth_radius', /^(AddRadius|AuthRadius)/i],
  ['auth_tkt', /^TKT/i],
  ['authnz_external', /^(AuthExternal|DefineExternal|AddExternal|SetExternal|GroupExternal)/i],
  ['authnz_pam', /^AuthnzPAM/i],
  ['bw', /^(BandWidth|MinBandWidth|LargeFileLimit|MaxConnection$)/i],
  ['cband', /^CBand/i],
  ['cloudflare', /^CloudFlare/i],
  ['cosign', /^Cosign/i],
  ['dav_svn', /^SVN/],
  ['authz_svn', /^AuthzSVN/i],
  [
    'encoding',
    /^(EncodingEngine|AddClientEncoding|DefaultClientEncoding|SetServerEncoding|NormalizeUsername)$/i,
  ],
  ['evasive', /^DOS[A-Z]/],
  ['fastcgi', /^FastCgi/i],
  ['fcgid', /^(Fcgid|(IPCCommTimeout|IPCConnectTimeout|DefaultInitEnv|SocketPath|SharememPath)$)/i],
  ['geoip', /^GeoIP/i],
  ['gnutls', /^GnuTLS/i],
  ['gridsite', /^GridSite/i],
  ['intercept_form_submit', /^InterceptForm/i],
  ['itk', /^(AssignUserID|MaxClientsVHost|NiceValue|LimitUIDRange|LimitGIDRange)/i],
  ['jk', /^Jk[A-Z]/i],
  ['layout', /^Layout/i],
  ['limitipconn', /^(MaxConnPerIP|NoIPLimit|OnlyIPLimit)/i],
  ['log_sql', /^LogSQL/i],
  ['lookup_identity', /^LookupUser/i],
  ['mapcache', /^MapCache/i],
  ['maxminddb', /^MaxMindDB/i],
  ['mono', /^Mono/i],
  ['musicindex', /^MusicI/i],
  ['nss', /^NSS/],
  ['pagespeed', /^(ModPagespeed|Pagespeed)/i],
  ['passenger', /^(Passenger|Rails|Rack)/i],
  ['perl', /^(<?Perl|PerlS)/i],
  ['php', /^(php\d?_|PHPIniDir|suPHP)/i],
  ['python', /^Python[A-Z]/i],
  ['qos', /^QS_/i],
  ['rivet', /^Rivet/i],
  ['rpaf', /^RPAF/i],
  ['ruid2', /^R(Mode|UidGid|MinUidGid|Groups|DefaultUidGid|DocumentChRoot)$/i],
  ['security', /^Sec[A-Z]/],
  ['shib', /^Shib/i],
  ['tile', /^(ModTile|LoadTile|AddTileConfig)/i],
  ['upload_progress', /^(TrackUploads|ReportUploads|UploadProgress)/i],
  ['webauth', /^WebAuth/i],
  ['xsendfile', /^XSendFile/i],
];
