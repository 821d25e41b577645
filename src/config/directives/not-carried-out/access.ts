import {
  anywhere,
  type Definition,
  insideSections,
  mainServerOnly,
  outsideSections,
} from '../../definition.js';
import { rows } from './rows.js';

/** Who may enter, and as whom: left out, it would open what it closes. */
export const accessRest: readonly Definition[] = [
  ...rows(
    'auth_digest',
    'accepted',
    mainServerOnly,
    'modhost needs no memory that processes share',
    'AuthDigestShmemSize',
  ),
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
    RemoteIPProxyProtocol RemoteIPProxyProtocolExceptions`,
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
];
