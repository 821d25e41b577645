import { anywhere, type Definition, insideSections, outsideSections } from '../../definition.js';
import { rows } from './rows.js';

/** Where a request goes: left out, something else would answer. */
export const destinationsRest: readonly Definition[] = [
  ...rows(
    'actions',
    'refused',
    anywhere,
    'the file could be shown where httpd would run a handler',
    'Action Script',
  ),
  ...rows(
    'proxy',
    'accepted',
    outsideSections,
    'sizes of buffers, and pages about balancers',
    'ProxyIOBufferSize ProxyReceiveBufferSize ProxyStatus',
  ),
  ...rows(
    'proxy',
    'accepted',
    outsideSections,
    'only for clients that name the server that is to answer (ProxyRequests)',
    'NoProxy ProxyDomain',
  ),
  ...rows(
    'proxy',
    'ignored',
    outsideSections,
    'an answer with a bad header is always an error',
    'ProxyBadHeader',
    /^iserror$/i,
  ),
  ...rows(
    'proxy',
    'ignored',
    outsideSections,
    'Max-Forwards counts down only if the client sends it',
    'ProxyMaxForwards',
    /^-1$/,
  ),
  ...rows(
    'proxy',
    'refused',
    outsideSections,
    'requests it sends elsewhere, or nowhere, would be passed on directly',
    'ProxyBlock ProxyRemote ProxyRemoteMatch',
  ),
  ...rows(
    'proxy',
    'accepted',
    outsideSections,
    'for the balancer-manager, which is not there',
    'BalancerGrowth BalancerPersist',
  ),
  ...rows(
    'proxy',
    'refused',
    anywhere,
    'variables in URLs are not filled in',
    'ProxyPassInterpolateEnv',
    /^off$/i,
  ),
  ...rows(
    'proxy_connect',
    'accepted',
    outsideSections,
    'only for clients that name the server that is to answer (ProxyRequests)',
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
    'proxy_ftp',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    `
    ProxyFtpDirCharset ProxyFtpEscapeWildcards ProxyFtpListOnWildcard`,
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
    'another server cannot name the file that is to be sent',
    'ProxySCGISendfile',
    /^off$/i,
  ),
  ...rows(
    'proxy_wstunnel',
    'refused',
    anywhere,
    'requests it sends elsewhere would be answered here',
    'ProxyWebsocketFallbackToProxyHttp',
    /^on$/i,
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
  ...rows('dir', 'ignored', anywhere, 'not carried out yet', 'DirectoryCheckHandler'),
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
