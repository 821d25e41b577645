import type { OverrideClass, Overrides } from './model.js';

/** The classes of AllowOverride, as they are written. */
export const overrideClasses: readonly OverrideClass[] = [
  'AuthConfig',
  'FileInfo',
  'Indexes',
  'Limit',
  'Options',
];

/**
 * Which directives may stand in a .htaccess file, by the class of AllowOverride that lets them (as `httpd -L` lists them).
 * `any`: whatever class it is. What is not here may never stand there. Sections with their bracket.
 */
const directives: Readonly<Record<OverrideClass | 'any' | 'AuthConfig Limit', string>> = {
  AuthConfig: `
    <RequireAll <RequireAny <RequireNone Require Satisfy AuthMerging AuthzSendForbiddenOnFailure
    AuthType AuthName AuthUserFile AuthGroupFile AuthBasicAuthoritative AuthBasicFake AuthBasicProvider AuthBasicUseDigestAlgorithm
    AuthDBMGroupFile AuthDBMType AuthDBMUserFile AuthzDBMType AuthnCacheProvideFor AuthnCacheTimeout
    AuthDigestAlgorithm AuthDigestDomain AuthDigestNcCheck AuthDigestNonceLifetime AuthDigestProvider AuthDigestQop
    Anonymous Anonymous_LogEmail Anonymous_MustGiveEmail Anonymous_NoUserId Anonymous_VerifyEmail
    AuthFormAuthoritative AuthFormBody AuthFormDisableNoStore AuthFormFakeBasicAuth AuthFormLocation AuthFormLoginRequiredLocation
    AuthFormLoginSuccessLocation AuthFormLogoutLocation AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormProvider
    AuthFormSitePassphrase AuthFormUsername
    AuthLDAPAuthorizePrefix AuthLDAPBindAuthoritative AuthLDAPBindDN AuthLDAPBindPassword AuthLDAPCompareAsUser
    AuthLDAPCompareDNOnServer AuthLDAPDereferenceAliases AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPInitialBindAsUser
    AuthLDAPInitialBindPattern AuthLDAPMaxSubGroupDepth AuthLDAPRemoteUserAttribute AuthLDAPRemoteUserIsDN AuthLDAPSearchAsUser
    AuthLDAPSubGroupAttribute AuthLDAPSubGroupClass AuthLDAPURL LDAPReferralHopLimit LDAPReferrals LDAPTrustedClientCert
    CGIPassAuth H2Push H2Upgrade H2EarlyHint H2PushResource MDRequireHttps
    SSLCACertificateFile SSLCACertificatePath SSLCipherSuite SSLRenegBufferSize SSLRequire SSLRequireSSL SSLUserName SSLVerifyClient
    SSLVerifyDepth
    Session SessionCookieName SessionCookieName2 SessionCookieRemove SessionCryptoCipher SessionCryptoPassphrase SessionDBDCookieName
    SessionDBDCookieName2 SessionDBDCookieRemove SessionDBDDeleteLabel SessionDBDInsertLabel SessionDBDPerUser SessionDBDSelectLabel
    SessionDBDUpdateLabel SessionEnv SessionExclude SessionExpiryUpdateInterval SessionHeader SessionInclude SessionMaxAge
    WSGIAccessScript WSGIAuthGroupScript WSGIAuthUserScript WSGIGroupAuthoritative`,
  FileInfo: `
    AcceptPathInfo Action AddCharset AddDefaultCharset AddEncoding AddHandler AddInputFilter AddLanguage AddOutputFilter
    AddOutputFilterByType AddType AliasPreservePath AuthnzFcgiCheckAuthnProvider BrowserMatch BrowserMatchNoCase CGIVar CharsetDefault
    CharsetOptions CharsetSourceEnc CookieDomain CookieExpires CookieHttpOnly CookieName CookieSameSite CookieSecure CookieStyle
    CookieTracking DefaultLanguage DefaultType EnableMMAP EnableSendfile ErrorDocument FileETag ForceLanguagePriority ForceType
    H2CopyFiles H2ProxyRequests H2EarlyHint H2PushResource Header LanguagePriority MultiviewsMatch PassEnv
    ProxyFCGIBackendType ProxyFCGISetEnvIf QualifyRedirectURL
    Redirect RedirectMatch RedirectPermanent RedirectRelative RedirectTemp RemoveCharset RemoveEncoding RemoveHandler
    RemoveInputFilter RemoveLanguage RemoveOutputFilter RemoveType RequestHeader RewriteBase RewriteCond RewriteEngine
    RewriteOptions RewriteRule SetEnv SetEnvIf SetEnvIfExpr SetEnvIfNoCase SetHandler SetInputFilter SetOutputFilter Substitute
    SubstituteInheritBefore SubstituteMaxLineLength UnsetEnv
    WSGICallableObject WSGIChunkedRequest WSGIEnableSendfile WSGIErrorOverride WSGIIgnoreActivity WSGIMapHEADToGET
    WSGIPassAuthorization WSGIScriptReloading WSGITrustedProxies WSGITrustedProxyHeaders`,
  Indexes: `
    AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType DefaultIcon DirectoryCheckHandler
    DirectoryIndex DirectoryIndexRedirect DirectorySlash ExpiresActive ExpiresByType ExpiresDefault FallbackResource HeaderName
    ImapBase ImapDefault ImapMenu IndexHeadInsert IndexIgnore IndexIgnoreReset IndexOptions IndexOrderDefault IndexStyleSheet
    MetaDir MetaFiles MetaSuffix ReadmeName`,
  Limit: 'Order Allow Deny SSIETag SSILastModified SSILegacyExprParser',
  Options: `
    CheckBasenameMatch CheckCaseOnly CheckSpelling ContentDigest FilterChain FilterDeclare FilterProtocol FilterProvider Options
    ReflectorHeader SSLOptions XBitHack`,
  'AuthConfig Limit': '<Limit <LimitExcept',
  any: `
    <If <ElseIf <Else <Files <FilesMatch <IfDefine <IfDirective <IfFile <IfModule <IfSection <IfVersion <Macro Use UndefMacro
    DeflateInflateLimitRequestBody DeflateInflateRatioBurst DeflateInflateRatioLimit Error FancyIndexing LimitRequestBody LimitXMLRequestBody
    LogIOTrackTTFB LuaCodeCache LuaHookAccessChecker LuaHookAuthChecker LuaHookCheckUserID LuaHookFixups LuaHookInsertFilter
    LuaHookLog LuaHookMapToStorage LuaHookPreTranslateName LuaHookTranslateName LuaHookTypeChecker LuaInherit LuaInputFilter
    LuaMapHandler LuaOutputFilter LuaPackageCPath LuaPackagePath LuaQuickHandler LuaRoot LuaScope MacroIgnoreBadNesting
    MacroIgnoreEmptyArgs RLimitCPU RLimitMEM RLimitNPROC SSIErrorMsg SSITimeFormat SSIUndefinedEcho ServerSignature xml2EncDefault
    xml2StartParse`,
};

const classesByName = new Map<string, Set<OverrideClass>>();
for (const [classes, names] of Object.entries(directives)) {
  const letting = overrideClasses.filter(
    (candidate) => classes === 'any' || classes.split(' ').includes(candidate),
  );
  for (const name of names.trim().toLowerCase().split(/\s+/)) {
    classesByName.set(name, new Set([...(classesByName.get(name) ?? []), ...letting]));
  }
}

/** Names of all that may stand in a .htaccess file, in lower case. */
export const overridableNames: readonly string[] = [...classesByName.keys()];

/** The classes of which each lets a directive stand in a .htaccess file; none: it may never stand there. */
export function overrideClassesOf(name: string): ReadonlySet<OverrideClass> {
  return classesByName.get(name.toLowerCase()) ?? new Set();
}

/** Whether a directive or section may stand in a .htaccess file that may say so much. */
export function isOverridable(name: string, { classes, names }: Overrides): boolean {
  if (names.has(name.toLowerCase())) return true;
  return [...overrideClassesOf(name)].some((letting) => classes.has(letting));
}
