import {
  anywhere,
  type Context,
  type Definition,
  type DirectiveClass,
  insideSections,
  mainServerOnly,
  outsideSections,
} from '../definition.js';

/**
 * Every other directive of Apache 2.4 and mod_wsgi: known by name and context, with the reason for what happens to it.
 * A directive that gets carried out moves from here into the file of its module.
 */
export const notCarriedOut: readonly Definition[] = [
  // ---- core
  ...rows(
    'core',
    'accepted',
    mainServerOnly,
    'tunes the inside of httpd',
    `
    AcceptFilter CoreDumpDirectory FlushMaxPipelined FlushMaxThreshold MaxMemFree Mutex ScoreBoardFile ThreadStackSize
    ExtendedStatus SeeRequestTail`,
  ),
  ...rows(
    'core',
    'accepted',
    outsideSections,
    'tunes the inside of httpd',
    'AccessFileName MergeTrailers RegexDefaultOptions RegisterHttpMethod',
  ),
  ...rows(
    'core',
    'accepted',
    anywhere,
    'tunes the inside of httpd',
    `
    CGIVar ContentDigest EnableMMAP EnableSendfile MaxRangeOverlaps MaxRangeReversals MaxRanges ReadBufferSize`,
  ),
  ...rows(
    'core',
    'ignored',
    mainServerOnly,
    'daemon processes have options of their own for it',
    'MaxConnectionsPerChild MaxRequestsPerChild',
  ),
  ...rows(
    'core',
    'ignored',
    mainServerOnly,
    'virtual hosts are chosen by name on every address',
    'NameVirtualHost',
  ),
  ...rows('core', 'ignored', outsideSections, 'lines of the error log have the usual form', 'ErrorLogFormat'),
  ...rows(
    'core',
    'ignored',
    outsideSections,
    'not carried out yet',
    'ServerPath Protocol ProtocolsHonorOrder LimitInternalRecursion',
  ),
  ...rows('core', 'ignored', outsideSections, 'only HTTP/1.1 is spoken yet', 'Protocols', /^http\/1\.1$/i),
  ...rows('core', 'ignored', anywhere, 'host names are never looked up', 'HostnameLookups', /^off$/i),
  ...rows('core', 'ignored', anywhere, 'error pages have no signature', 'ServerSignature', /^off$/i),
  ...rows(
    'core',
    'ignored',
    anywhere,
    'not carried out yet',
    `
    AddDefaultCharset DefaultType ErrorDocument FileETag QualifyRedirectURL UseCanonicalPhysicalPort
    SetOutputFilter`,
  ),
  ...rows(
    'core',
    'ignored',
    anywhere,
    'path information is always handed to applications and never to files',
    'AcceptPathInfo',
    /^(on|default)$/i,
  ),
  ...rows(
    'core',
    'refused',
    anywhere,
    'the file could be shown where httpd would run a handler',
    'ForceType SetInputFilter',
  ),
  ...rows(
    'core',
    'refused',
    outsideSections,
    'it decides which requests are let in',
    'HttpProtocolOptions',
    /^strict(\s+require1\.0|\s+allow0\.9|\s+registeredmethods|\s+lenientmethods)*$/i,
  ),
  ...rows(
    'core',
    'refused',
    outsideSections,
    'it decides which requests are let in',
    'StrictHostCheck',
    /^off$/i,
  ),
  ...rows(
    'core',
    'refused',
    anywhere,
    'it limits what a request may use',
    'LimitXMLRequestBody RLimitCPU RLimitMEM RLimitNPROC',
  ),
  ...rows('core', 'refused', insideSections, 'what it protects would be open', '<Limit <LimitExcept'),
  ...rows('core', 'refused', anywhere, 'what it protects would be open', '<If <ElseIf <Else'),
  ...rows(
    'core',
    'refused',
    insideSections,
    'WSGIPassAuthorization does this for applications',
    'CGIPassAuth',
    /^off$/i,
  ),
  ...rows('so', 'accepted', outsideSections, 'what modhost can do is built in', 'LoadModule LoadFile'),
  ...rows('watchdog', 'accepted', mainServerOnly, 'tunes the inside of httpd', 'WatchdogInterval'),
  ...rows('log_config', 'ignored', mainServerOnly, 'not carried out yet', 'GlobalLog'),
  ...rows('log_config', 'accepted', mainServerOnly, 'tunes the inside of httpd', 'BufferedLogs'),
  ...rows('logio', 'accepted', anywhere, 'the time to the first byte is always measured', 'LogIOTrackTTFB'),
  ...rows('unixd', 'refused', mainServerOnly, 'it confines the server', 'ChrootDir'),
  ...rows('unixd', 'accepted', mainServerOnly, 'there is no suexec', 'Suexec', /^off$/i),
  ...rows(
    'mpm_event',
    'ignored',
    mainServerOnly,
    'ServerLimit sets the number of front ends, and each serves any number of connections',
    `
    MaxClients MaxRequestWorkers`,
  ),
  ...rows(
    'mpm_event',
    'accepted',
    mainServerOnly,
    'tunes the inside of httpd',
    `
    AsyncRequestWorkerFactor ListenCoresBucketsRatio ListenTCPDeferAccept MaxSpareThreads MinSpareThreads ReceiveBufferSize SendBufferSize
    StartServers ThreadLimit ThreadsPerChild`,
  ),
  ...rows(
    'mpm_prefork',
    'accepted',
    mainServerOnly,
    'tunes the inside of httpd',
    'MaxSpareServers MinSpareServers',
  ),

  // ---- access and identity
  ...rows(
    'access_compat',
    'refused',
    insideSections,
    'what it protects would be open; expected Require',
    'Allow Deny Order Satisfy',
  ),
  ...rows('allowmethods', 'refused', insideSections, 'what it protects would be open', 'AllowMethods'),
  ...rows(
    'auth_basic',
    'refused',
    insideSections,
    'it changes who a user is',
    'AuthBasicFake AuthBasicUseDigestAlgorithm',
    /^off$/i,
  ),
  ...rows(
    'auth_digest',
    'refused',
    insideSections,
    'what it protects would be open',
    `
    AuthDigestAlgorithm AuthDigestDomain AuthDigestNcCheck AuthDigestNonceLifetime AuthDigestProvider AuthDigestQop`,
  ),
  ...rows('auth_digest', 'accepted', mainServerOnly, 'there are no digests to keep', 'AuthDigestShmemSize'),
  ...rows(
    'auth_form',
    'refused',
    insideSections,
    'what it protects would be open',
    `
    AuthFormAuthoritative AuthFormBody AuthFormDisableNoStore AuthFormFakeBasicAuth AuthFormLocation AuthFormLoginRequiredLocation
    AuthFormLoginSuccessLocation AuthFormLogoutLocation AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormProvider
    AuthFormSitePassphrase AuthFormSize AuthFormUsername`,
  ),
  ...rows(
    'authn_anon',
    'refused',
    insideSections,
    'it changes who a user is',
    `
    Anonymous Anonymous_LogEmail Anonymous_MustGiveEmail Anonymous_NoUserId Anonymous_VerifyEmail`,
  ),
  ...rows('authn_core', 'refused', outsideSections, 'what it protects would be open', '<AuthnProviderAlias'),
  ...rows(
    'authn_dbd',
    'refused',
    insideSections,
    'what it protects would be open',
    'AuthDBDUserPWQuery AuthDBDUserRealmQuery',
  ),
  ...rows(
    'authn_dbm',
    'refused',
    insideSections,
    'what it protects would be open',
    'AuthDBMType AuthDBMUserFile',
  ),
  ...rows(
    'authn_socache',
    'accepted',
    mainServerOnly,
    'modhost keeps verified passwords for a short time by itself',
    'AuthnCacheEnable AuthnCacheSOCache',
  ),
  ...rows(
    'authn_socache',
    'accepted',
    insideSections,
    'modhost keeps verified passwords for a short time by itself',
    'AuthnCacheContext AuthnCacheProvideFor AuthnCacheTimeout',
  ),
  ...rows(
    'authnz_fcgi',
    'refused',
    anywhere,
    'what it protects would be open',
    'AuthnzFcgiCheckAuthnProvider AuthnzFcgiDefineProvider',
  ),
  ...rows(
    'authnz_ldap',
    'refused',
    insideSections,
    'what it protects would be open',
    `
    AuthLDAPAuthorizePrefix AuthLDAPBindAuthoritative AuthLDAPBindDN AuthLDAPBindPassword AuthLDAPCompareAsUser AuthLDAPCompareDNOnServer
    AuthLDAPDereferenceAliases AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPInitialBindAsUser AuthLDAPInitialBindPattern
    AuthLDAPMaxSubGroupDepth AuthLDAPRemoteUserAttribute AuthLDAPRemoteUserIsDN AuthLDAPSearchAsUser AuthLDAPSubGroupAttribute
    AuthLDAPSubGroupClass AuthLDAPURL`,
  ),
  ...rows(
    'authnz_ldap',
    'refused',
    mainServerOnly,
    'what it protects would be open',
    'AuthLDAPCharsetConfig',
  ),
  ...rows('authz_core', 'refused', outsideSections, 'what it protects would be open', '<AuthzProviderAlias'),
  ...rows(
    'authz_core',
    'ignored',
    insideSections,
    'an authenticated user who may not enter is answered 401',
    'AuthzSendForbiddenOnFailure',
    /^off$/i,
  ),
  ...rows(
    'authz_dbd',
    'refused',
    insideSections,
    'what it protects would be open',
    'AuthzDBDLoginToReferer AuthzDBDQuery AuthzDBDRedirectQuery',
  ),
  ...rows(
    'authz_dbm',
    'refused',
    insideSections,
    'what it protects would be open',
    'AuthDBMGroupFile AuthzDBMType',
  ),
  ...rows(
    'ldap',
    'refused',
    mainServerOnly,
    'it concerns the connection to a directory of users',
    `
    LDAPCacheEntries LDAPCacheTTL LDAPConnectionPoolTTL LDAPConnectionTimeout LDAPLibraryDebug LDAPOpCacheEntries LDAPOpCacheTTL LDAPRetries
    LDAPRetryDelay LDAPSharedCacheFile LDAPSharedCacheSize LDAPTimeout LDAPTrustedGlobalCert LDAPTrustedMode LDAPVerifyServerCert`,
  ),
  ...rows(
    'ldap',
    'refused',
    insideSections,
    'it concerns the connection to a directory of users',
    'LDAPReferralHopLimit LDAPReferrals LDAPTrustedClientCert',
  ),
  ...rows(
    'dbd',
    'refused',
    outsideSections,
    'it concerns the connection to a database of users',
    `
    DBDExptime DBDInitSQL DBDKeep DBDMax DBDMin DBDParams DBDPersist DBDPrepareSQL DBDriver`,
  ),
  ...rows(
    'remoteip',
    'refused',
    outsideSections,
    'it changes who the client is',
    `
    RemoteIPHeader RemoteIPInternalProxy RemoteIPInternalProxyList RemoteIPProxiesHeader RemoteIPProxyProtocol
    RemoteIPProxyProtocolExceptions RemoteIPTrustedProxy RemoteIPTrustedProxyList`,
  ),
  ...rows(
    'session',
    'refused',
    anywhere,
    'it keeps who a user is',
    `
    SessionEnv SessionExclude SessionExpiryUpdateInterval SessionHeader SessionInclude SessionMaxAge`,
  ),
  ...rows('session', 'refused', anywhere, 'it keeps who a user is', 'Session', /^off$/i),
  ...rows(
    'session_cookie',
    'refused',
    anywhere,
    'it keeps who a user is',
    'SessionCookieName SessionCookieName2 SessionCookieRemove',
  ),
  ...rows(
    'session_crypto',
    'refused',
    anywhere,
    'it keeps who a user is',
    `
    SessionCryptoCipher SessionCryptoDriver SessionCryptoPassphrase SessionCryptoPassphraseFile`,
  ),
  ...rows(
    'session_dbd',
    'refused',
    anywhere,
    'it keeps who a user is',
    `
    SessionDBDCookieName SessionDBDCookieName2 SessionDBDCookieRemove SessionDBDDeleteLabel SessionDBDInsertLabel SessionDBDPerUser
    SessionDBDSelectLabel SessionDBDUpdateLabel`,
  ),
  ...rows('suexec', 'refused', outsideSections, 'it decides as whom programs run', 'SuexecUserGroup'),
  ...rows(
    'reqtimeout',
    'refused',
    outsideSections,
    'it limits how slow a client may be',
    'RequestReadTimeout',
  ),

  // ---- encryption
  ...rows(
    'ssl',
    'refused',
    outsideSections,
    'TLS, without which connections would not be protected',
    `
    SSLCADNRequestFile SSLCADNRequestPath SSLCARevocationCheck SSLCARevocationFile SSLCARevocationPath SSLCertificateChainFile
    SSLCertificateFile SSLCertificateKeyFile SSLCompression SSLFIPS SSLHonorCipherOrder SSLInsecureRenegotiation SSLOCSPDefaultResponder
    SSLOCSPEnable SSLOCSPNoVerify SSLOCSPOverrideResponder SSLOCSPProxyURL SSLOCSPResponderCertificateFile SSLOCSPResponderTimeout
    SSLOCSPResponseMaxAge SSLOCSPResponseTimeSkew SSLOCSPUseRequestNonce SSLOpenSSLConfCmd SSLProtocol SSLSRPUnknownUserSeed
    SSLSRPVerifierFile SSLSessionCacheTimeout SSLSessionTicketKeyFile SSLSessionTickets SSLStaplingErrorCacheTimeout
    SSLStaplingFakeTryLater SSLStaplingForceURL SSLStaplingResponderTimeout SSLStaplingResponseMaxAge SSLStaplingResponseTimeSkew
    SSLStaplingReturnResponderErrors SSLStaplingStandardCacheTimeout SSLStrictSNIVHostCheck SSLUseStapling`,
  ),
  ...rows(
    'ssl',
    'refused',
    outsideSections,
    'TLS, without which connections would not be protected',
    'SSLEngine',
    /^off$/i,
  ),
  ...rows(
    'ssl',
    'refused',
    mainServerOnly,
    'TLS, without which connections would not be protected',
    `
    SSLCryptoDevice SSLPassPhraseDialog SSLRandomSeed SSLSessionCache SSLStaplingCache SSLVHostSNIPolicy`,
  ),
  ...rows(
    'ssl',
    'refused',
    anywhere,
    'TLS, without which connections would not be protected',
    `
    SSLCACertificateFile SSLCACertificatePath SSLCipherSuite SSLLog SSLLogLevel SSLOptions SSLUserName SSLVerifyDepth
    SSLProxyCACertificateFile SSLProxyCACertificatePath SSLProxyCARevocationCheck SSLProxyCARevocationFile SSLProxyCARevocationPath
    SSLProxyCheckPeerCN SSLProxyCheckPeerExpire SSLProxyCheckPeerName SSLProxyCipherSuite SSLProxyMachineCertificateChainFile
    SSLProxyMachineCertificateFile SSLProxyMachineCertificatePath SSLProxyProtocol SSLProxyVerify SSLProxyVerifyDepth`,
  ),
  ...rows(
    'ssl',
    'refused',
    anywhere,
    'TLS, without which connections would not be protected',
    'SSLProxyEngine',
    /^off$/i,
  ),
  ...rows(
    'ssl',
    'refused',
    anywhere,
    'TLS, without which connections would not be protected',
    'SSLVerifyClient',
    /^none$/i,
  ),
  ...rows(
    'ssl',
    'refused',
    insideSections,
    'TLS, without which connections would not be protected',
    'SSLRenegBufferSize SSLRequire SSLRequireSSL',
  ),
  ...rows(
    'md',
    'refused',
    outsideSections,
    'TLS, without which connections would not be protected',
    `
    <MDomain <MDomainSet MDActivationDelay MDBaseServer MDCACertificateFile MDCAChallenges MDCertificateAgreement MDCertificateAuthority
    MDCertificateCheck MDCertificateFile MDCertificateKeyFile MDCertificateProtocol MDCertificateStatus MDChallengeDns01
    MDChallengeDns01Version MDCheckInterval MDContactEmail MDDriveMode MDExternalAccountBinding MDHttpProxy
    MDHttpProxyCACertificateFile MDInitialDelay MDMatchNames MDMember MDMembers MDMessageCmd MDMustStaple MDNotifyCmd MDPortMap
    MDPrivateKeys MDProfile MDProfileMandatory MDRenewMode MDRenewViaARI MDRenewWindow MDRetryDelay MDRetryFailover MDServerStatus
    MDStapleOthers MDStapling MDStaplingKeepResponse MDStaplingRenewWindow MDStoreDir MDStoreLocks MDWarnWindow MDomain`,
  ),
  ...rows(
    'md',
    'refused',
    anywhere,
    'TLS, without which connections would not be protected',
    'MDRequireHttps',
  ),

  // ---- where a request goes: without it something else would answer
  ...rows(
    'alias',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    `
    Redirect RedirectMatch RedirectPermanent RedirectRelative RedirectTemp`,
  ),
  ...rows('alias', 'refused', anywhere, 'programs could be shown instead of run', 'ScriptAlias'),
  ...rows('alias', 'refused', outsideSections, 'programs could be shown instead of run', 'ScriptAliasMatch'),
  ...rows('alias', 'ignored', anywhere, 'not carried out yet', 'AliasPreservePath', /^off$/i),
  ...rows(
    'actions',
    'refused',
    anywhere,
    'the file could be shown where httpd would run a handler',
    'Action Script',
  ),
  ...rows(
    'rewrite',
    'refused',
    anywhere,
    'its rules may protect what would then be open',
    'RewriteBase RewriteCond RewriteOptions RewriteRule',
  ),
  ...rows('rewrite', 'accepted', anywhere, 'its rules are refused where they stand', 'RewriteEngine'),
  ...rows(
    'rewrite',
    'refused',
    outsideSections,
    'its rules may protect what would then be open',
    'RewriteMap',
  ),
  ...rows(
    'proxy',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    `
    <Proxy <ProxyMatch BalancerGrowth BalancerInherit BalancerPersist NoProxy ProxyBadHeader ProxyBlock ProxyDomain ProxyIOBufferSize
    ProxyMaxForwards ProxyPassInherit ProxyReceiveBufferSize ProxyRemote ProxyRemoteMatch ProxySourceAddress ProxyStatus ProxyTimeout`,
  ),
  ...rows(
    'proxy',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    'ProxyRequests ProxyVia',
    /^off$/i,
  ),
  ...rows(
    'proxy',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    `
    BalancerMember Proxy100Continue ProxyAddHeaders ProxyErrorOverride ProxyPass ProxyPassInterpolateEnv ProxyPassMatch ProxyPassReverse
    ProxyPassReverseCookieDomain ProxyPassReverseCookiePath ProxySet`,
  ),
  ...rows(
    'proxy',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    'ProxyPreserveHost',
    /^off$/i,
  ),
  ...rows(
    'proxy_connect',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    'AllowCONNECT',
  ),
  ...rows(
    'proxy_express',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    `
    ProxyExpressDBMFile ProxyExpressDBMType ProxyExpressEnable`,
  ),
  ...rows(
    'proxy_fcgi',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    'ProxyFCGIBackendType ProxyFCGISetEnvIf',
  ),
  ...rows(
    'proxy_ftp',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    `
    ProxyFtpDirCharset ProxyFtpEscapeWildcards ProxyFtpListOnWildcard`,
  ),
  ...rows(
    'proxy_hcheck',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    'ProxyHCExpr ProxyHCTPsize ProxyHCTemplate',
  ),
  ...rows(
    'proxy_html',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    `
    ProxyHTMLBufSize ProxyHTMLCharsetOut ProxyHTMLDoctype ProxyHTMLEnable ProxyHTMLEvents ProxyHTMLExtended ProxyHTMLFixups ProxyHTMLInterp
    ProxyHTMLLinks ProxyHTMLMeta ProxyHTMLStripComments ProxyHTMLURLMap`,
  ),
  ...rows(
    'proxy_scgi',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    'ProxySCGIInternalRedirect ProxySCGISendfile',
  ),
  ...rows(
    'proxy_wstunnel',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    'ProxyWebsocketFallbackToProxyHttp',
  ),
  ...rows(
    'userdir',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    'UserDir',
    /^disabled$/i,
  ),
  ...rows(
    'vhost_alias',
    'refused',
    outsideSections,
    'requests it sends elsewhere would be answered here',
    `
    VirtualDocumentRoot VirtualDocumentRootIP VirtualScriptAlias VirtualScriptAliasIP`,
  ),
  ...rows('dav', 'refused', insideSections, 'files could be shown that httpd would guard', 'DAVBasePath'),
  ...rows('dav', 'refused', insideSections, 'files could be shown that httpd would guard', 'DAV', /^off$/i),
  ...rows(
    'dav',
    'accepted',
    anywhere,
    'there is no WebDAV',
    'DAVDepthInfinity DAVLockDiscovery DAVMinTimeout',
  ),
  ...rows('dav_fs', 'accepted', outsideSections, 'there is no WebDAV', 'DAVLockDB DAVLockDBType'),
  ...rows(
    'dav_lock',
    'accepted',
    insideSections,
    'there is no WebDAV',
    'DAVGenericLockDB DAVGenericLockDBType',
  ),
  ...rows(
    'dir',
    'ignored',
    anywhere,
    'not carried out yet',
    'DirectoryCheckHandler DirectoryIndexRedirect FallbackResource',
  ),
  ...rows(
    'dir',
    'ignored',
    anywhere,
    'a directory is always answered with a redirect to its path with a slash',
    'DirectorySlash',
    /^on$/i,
  ),
  ...rows(
    'headers',
    'refused',
    anywhere,
    'what it tells browsers or hides from applications may protect them',
    'Header RequestHeader',
  ),
  ...rows(
    'mime',
    'refused',
    anywhere,
    'files could be shown that httpd would hand to a handler or filter',
    'AddHandler AddInputFilter',
  ),
  {
    name: 'AddType',
    module: 'mime',
    contexts: anywhere,
    arguments: 'type extension …',
    doc: 'types come from the extensions that are widely known',
    class: 'ignored',
    refusedWhen: {
      pattern: /application\/x-httpd|server-parsed/i,
      doc: 'files could be shown that httpd would hand to a handler',
    },
  },
  ...rows(
    'mime',
    'ignored',
    anywhere,
    'types come from the extensions that are widely known',
    `
    AddCharset AddEncoding AddLanguage DefaultLanguage`,
  ),
  ...rows('mime', 'ignored', anywhere, 'not carried out yet', 'AddOutputFilter'),
  ...rows(
    'mime',
    'accepted',
    anywhere,
    'nothing is added that it could remove',
    `
    RemoveCharset RemoveEncoding RemoveHandler RemoveInputFilter RemoveLanguage RemoveOutputFilter RemoveType MultiviewsMatch`,
  ),
  ...rows(
    'mime',
    'accepted',
    outsideSections,
    'types come from the extensions that are widely known',
    'TypesConfig',
  ),
  ...rows(
    'mime',
    'accepted',
    insideSections,
    'types come from the extensions that are widely known',
    'ModMimeUsePathInfo',
  ),
  ...rows(
    'mime_magic',
    'ignored',
    outsideSections,
    'types come from the extensions that are widely known',
    'MimeMagicFile',
  ),
  ...rows(
    'negotiation',
    'accepted',
    anywhere,
    'there is no content negotiation',
    'ForceLanguagePriority LanguagePriority',
  ),
  ...rows(
    'negotiation',
    'accepted',
    outsideSections,
    'there is no content negotiation',
    'CacheNegotiatedDocs',
  ),
  ...rows('cgi', 'accepted', outsideSections, 'there is no CGI', 'ScriptLog ScriptLogBuffer ScriptLogLength'),
  ...rows('cgi', 'accepted', anywhere, 'there is no CGI', 'CGIScriptTimeout'),
  ...rows('cgid', 'accepted', anywhere, 'there is no CGI', 'CGIDScriptTimeout ScriptSock'),
  ...rows(
    'lua',
    'refused',
    anywhere,
    'its scripts may protect what would then be open',
    `
    <LuaHookAccessChecker <LuaHookAuthChecker <LuaHookCheckUserID <LuaHookFixups <LuaHookMapToStorage <LuaHookPreTranslateName
    <LuaHookTranslateName <LuaHookTypeChecker <LuaQuickHandler LuaCodeCache LuaHookAccessChecker LuaHookAuthChecker LuaHookCheckUserID
    LuaHookFixups LuaHookInsertFilter LuaHookLog LuaHookMapToStorage LuaHookPreTranslateName LuaHookTranslateName LuaHookTypeChecker
    LuaInherit LuaInputFilter LuaMapHandler LuaOutputFilter LuaPackageCPath LuaPackagePath LuaQuickHandler LuaRoot LuaScope`,
  ),
  ...rows(
    'lua',
    'refused',
    outsideSections,
    'its scripts may protect what would then be open',
    'LuaAuthzProvider',
  ),
  ...rows(
    'isapi',
    'refused',
    anywhere,
    'there is no ISAPI',
    `
    ISAPIAppendLogToErrors ISAPIAppendLogToQuery ISAPICacheFile ISAPIFakeAsync ISAPILogNotSupported ISAPIReadAheadBuffer`,
  ),

  // ---- what an answer looks like
  ...rows(
    'autoindex',
    'ignored',
    anywhere,
    'there are no directory listings',
    `
    AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType DefaultIcon FancyIndexing HeaderName
    IndexHeadInsert IndexIgnore IndexIgnoreReset IndexOptions IndexOrderDefault IndexStyleSheet ReadmeName`,
  ),
  ...rows(
    'brotli',
    'ignored',
    outsideSections,
    'answers are not compressed',
    `
    BrotliAlterETag BrotliCompressionMaxInputBlock BrotliCompressionQuality BrotliCompressionWindow BrotliFilterNote`,
  ),
  ...rows(
    'deflate',
    'ignored',
    outsideSections,
    'answers are not compressed',
    `
    DeflateAlterETag DeflateBufferSize DeflateCompressionLevel DeflateFilterNote DeflateMemLevel DeflateWindowSize`,
  ),
  ...rows(
    'deflate',
    'accepted',
    anywhere,
    'request bodies are not decompressed',
    `
    DeflateInflateLimitRequestBody DeflateInflateRatioBurst DeflateInflateRatioLimit`,
  ),
  ...rows(
    'filter',
    'ignored',
    anywhere,
    'there are no filters',
    `
    AddOutputFilterByType FilterChain FilterDeclare FilterProtocol FilterProvider FilterTrace`,
  ),
  ...rows(
    'expires',
    'ignored',
    anywhere,
    'not carried out yet',
    'ExpiresActive ExpiresByType ExpiresDefault',
  ),
  ...rows('buffer', 'ignored', insideSections, 'there are no filters', 'BufferSize'),
  ...rows(
    'cache',
    'ignored',
    outsideSections,
    'answers are not cached',
    `
    CacheIgnoreCacheControl CacheIgnoreHeaders CacheIgnoreQueryString CacheIgnoreURLSessionIdentifiers CacheKeyBaseURL CacheLock
    CacheLockMaxAge CacheLockPath CacheQuickHandler`,
  ),
  ...rows(
    'cache',
    'ignored',
    anywhere,
    'answers are not cached',
    `
    CacheDefaultExpire CacheDetailHeader CacheDisable CacheEnable CacheHeader CacheIgnoreNoLastMod CacheLastModifiedFactor
    CacheMaxExpire CacheMinExpire CacheStaleOnError CacheStoreExpired CacheStoreNoStore CacheStorePrivate`,
  ),
  ...rows(
    'cache_disk',
    'ignored',
    anywhere,
    'answers are not cached',
    `
    CacheDirLength CacheDirLevels CacheMaxFileSize CacheMinFileSize CacheReadSize CacheReadTime CacheRoot`,
  ),
  ...rows(
    'cache_socache',
    'ignored',
    anywhere,
    'answers are not cached',
    `
    CacheSocache CacheSocacheMaxSize CacheSocacheMaxTime CacheSocacheMinTime CacheSocacheReadSize CacheSocacheReadTime`,
  ),
  ...rows('file_cache', 'accepted', outsideSections, 'tunes the inside of httpd', 'CacheFile MMapFile'),
  ...rows('cern_meta', 'ignored', anywhere, 'not carried out yet', 'MetaDir MetaFiles MetaSuffix'),
  ...rows(
    'charset_lite',
    'ignored',
    anywhere,
    'there are no filters',
    'CharsetDefault CharsetOptions CharsetSourceEnc',
  ),
  ...rows('ext_filter', 'ignored', insideSections, 'there are no filters', 'ExtFilterOptions'),
  ...rows('ext_filter', 'ignored', outsideSections, 'there are no filters', 'ExtFilterDefine'),
  ...rows('imagemap', 'ignored', anywhere, 'there are no image maps', 'ImapBase ImapDefault ImapMenu'),
  ...rows(
    'include',
    'ignored',
    anywhere,
    'there are no server-side includes',
    `
    SSIETag SSIEndTag SSIErrorMsg SSILastModified SSILegacyExprParser SSIStartTag SSITimeFormat SSIUndefinedEcho XBitHack`,
  ),
  ...rows('sed', 'ignored', insideSections, 'there are no filters', 'InputSed OutputSed'),
  ...rows(
    'substitute',
    'ignored',
    anywhere,
    'there are no filters',
    'Substitute SubstituteInheritBefore SubstituteMaxLineLength',
  ),
  ...rows(
    'xml2enc',
    'ignored',
    anywhere,
    'there are no filters',
    'xml2EncAlias xml2EncDefault xml2StartParse',
  ),
  ...rows('reflector', 'ignored', anywhere, 'there are no filters', 'ReflectorHeader'),
  ...rows('request', 'accepted', insideSections, 'tunes the inside of httpd', 'KeptBodySize'),
  ...rows(
    'speling',
    'ignored',
    anywhere,
    'not carried out yet',
    'CheckBasenameMatch CheckCaseOnly CheckSpelling',
    /^off$/i,
  ),
  ...rows(
    'setenvif',
    'ignored',
    anywhere,
    'not carried out yet',
    'BrowserMatch BrowserMatchNoCase SetEnvIf SetEnvIfExpr SetEnvIfNoCase',
  ),
  ...rows(
    'usertrack',
    'ignored',
    anywhere,
    'not carried out yet',
    `
    CookieDomain CookieExpires CookieHTTPOnly CookieName CookieSameSite CookieSecure CookieStyle CookieTracking`,
  ),

  // ---- protocols and the inside of httpd
  ...rows(
    'http2',
    'ignored',
    anywhere,
    'only HTTP/1.1 is spoken yet',
    `
    H2CopyFiles H2Direct H2EarlyHint H2EarlyHints H2MaxDataFrameLen H2MaxHeaderBlockLen H2MaxSessionStreams H2MaxStreamErrors
    H2MaxWorkerIdleSeconds H2MaxWorkers H2MinWorkers H2ModernTLSOnly H2OutputBuffering H2Padding H2ProxyRequests H2Push H2PushDiarySize
    H2PushPriority H2PushResource H2SerializeHeaders H2SessionExtraFiles H2StreamMaxMemSize H2StreamTimeout H2TLSCoolDownSecs
    H2TLSWarmUpSize H2Upgrade H2WebSockets H2WindowSize`,
  ),
  ...rows('dialup', 'ignored', insideSections, 'not carried out yet', 'ModemStandard'),
  ...rows('dumpio', 'ignored', outsideSections, 'not carried out yet', 'DumpIOInput DumpIOOutput', /^off$/i),
  ...rows('echo', 'ignored', outsideSections, 'not carried out yet', 'ProtocolEcho', /^off$/i),
  ...rows('heartbeat', 'ignored', mainServerOnly, 'not carried out yet', 'HeartbeatAddress'),
  ...rows(
    'heartmonitor',
    'ignored',
    mainServerOnly,
    'not carried out yet',
    'HeartbeatListen HeartbeatMaxServers HeartbeatStorage',
  ),
  ...rows(
    'ident',
    'ignored',
    anywhere,
    'not carried out yet',
    'IdentityCheck IdentityCheckTimeout',
    /^off$/i,
  ),
  ...rows('info', 'ignored', outsideSections, 'there is no page about the server', 'AddModuleInfo'),
  ...rows('log_debug', 'ignored', anywhere, 'not carried out yet', 'LogMessage'),
  ...rows('log_forensic', 'ignored', outsideSections, 'not carried out yet', 'ForensicLog'),
  ...rows(
    'macro',
    'accepted',
    anywhere,
    'only silences a message',
    'MacroIgnoreBadNesting MacroIgnoreEmptyArgs',
  ),
  ...rows('socache_memcache', 'accepted', outsideSections, 'tunes the inside of httpd', 'MemcacheConnTTL'),
  ...rows(
    'socache_redis',
    'accepted',
    outsideSections,
    'tunes the inside of httpd',
    'RedisConnPoolTTL RedisTimeout',
  ),
  ...rows('systemd', 'accepted', mainServerOnly, 'tunes the inside of httpd', 'IdleShutdown'),
  ...rows(
    'privileges',
    'refused',
    outsideSections,
    'it decides as whom programs run',
    `
    DTracePrivileges PrivilegesMode VHostCGIMode VHostCGIPrivs VHostGroup VHostPrivs VHostSecure VHostUser`,
  ),

  // ---- mod_wsgi
  ...rows(
    'wsgi',
    'accepted',
    mainServerOnly,
    'concerns an embedded Python',
    `
    <WSGIInterpreterOptions WSGIAcceptMutex WSGIDestroyInterpreter WSGIDontWriteBytecode WSGIFreeThreading WSGIPerInterpreterGIL WSGIPythonEggs
    WSGIPythonHashSeed WSGIPythonOptimize WSGIPythonWarnings WSGIRestrictSignal WSGIRestrictStdin WSGIRestrictStdout WSGIServerMetrics
    WSGISocketRotation WSGISwitchInterval WSGIVerboseDebugging`,
  ),
  ...rows(
    'wsgi',
    'accepted',
    anywhere,
    'concerns an embedded Python',
    'WSGIEnableSendfile WSGIPassApacheRequest',
  ),
  ...rows('wsgi', 'accepted', insideSections, 'has no effect in mod_wsgi either', 'WSGIGroupAuthoritative'),
  ...rows('wsgi', 'ignored', mainServerOnly, 'not carried out yet', 'WSGICaseSensitivity', /^on$/i),
  ...rows(
    'wsgi',
    'ignored',
    mainServerOnly,
    'not carried out yet',
    'WSGISlowRequests WSGITelemetryOptions WSGITelemetryService',
  ),
  ...rows(
    'wsgi',
    'ignored',
    anywhere,
    'not carried out yet',
    'WSGIErrorOverride WSGIIgnoreActivity',
    /^off$/i,
  ),
  ...rows('wsgi', 'ignored', anywhere, 'not carried out yet', 'WSGIMapHEADToGET', /^(auto|off)$/i),
  ...rows(
    'wsgi',
    'ignored',
    mainServerOnly,
    'gone since mod_wsgi 6',
    'WSGILazyInitialization WSGINewRelicConfigFile WSGINewRelicEnvironment',
  ),
  ...rows(
    'wsgi',
    'refused',
    anywhere,
    'it changes who the client is',
    'WSGITrustedProxies WSGITrustedProxyHeaders',
  ),
  ...rows('wsgi', 'refused', anywhere, 'it limits where applications may run', 'WSGIRestrictProcess'),
  ...rows(
    'wsgi',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    'WSGIDispatchScript WSGIHandlerScript',
  ),
  ...rows('wsgi', 'refused', insideSections, 'what it protects would be open', 'WSGIAccessScript'),
];

/** Rows that share everything but their name. `harmless`: arguments with which nothing is missed. */
function rows(
  module: string,
  directiveClass: Exclude<DirectiveClass, 'honoured'>,
  contexts: readonly Context[],
  doc: string,
  names: string,
  harmless?: RegExp,
): Definition[] {
  return names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => ({
      name,
      module,
      contexts,
      arguments: '…',
      doc,
      class: directiveClass,
      ...(harmless === undefined ? {} : { harmless }),
    }));
}
