import { anywhere, type Definition, insideSections, outsideSections } from '../../definition.js';
import { rows } from './rows.js';

/** Where a request goes: left out, something else would answer. */
export const destinationsRest: readonly Definition[] = [
  ...rows(
    'alias',
    'refused',
    anywhere,
    'write Alias with two arguments instead',
    'AliasPreservePath',
    /^off$/i,
  ),
  ...rows(
    'alias',
    'ignored',
    anywhere,
    'a target without a host gets the one that was asked for',
    'RedirectRelative',
    /^off$/i,
  ),
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
  ...rows('dir', 'ignored', anywhere, 'not carried out yet', 'DirectoryCheckHandler DirectoryIndexRedirect'),
  ...rows(
    'mime',
    'refused',
    anywhere,
    'files could be shown that httpd would hand to a handler or filter',
    'AddInputFilter',
  ),
  ...rows('mime', 'ignored', anywhere, 'not carried out yet', 'AddOutputFilter'),
  ...rows(
    'mime',
    'accepted',
    anywhere,
    'nothing is added that it could remove',
    `
    RemoveInputFilter RemoveOutputFilter MultiviewsMatch`,
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
];
