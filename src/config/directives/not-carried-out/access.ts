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
    'ignored',
    insideSections,
    'AuthType Form is refused',
    `
    AuthFormAuthoritative AuthFormBody AuthFormDisableNoStore AuthFormFakeBasicAuth AuthFormLocation AuthFormLoginRequiredLocation
    AuthFormLoginSuccessLocation AuthFormLogoutLocation AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormProvider
    AuthFormSitePassphrase AuthFormSize AuthFormUsername`,
  ),
  ...rows(
    'authn_dbd',
    'ignored',
    insideSections,
    'the provider dbd answers every login with 500',
    'AuthDBDUserPWQuery AuthDBDUserRealmQuery',
  ),
  ...rows(
    'authn_dbm',
    'ignored',
    insideSections,
    'the provider dbm answers every login with 500',
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
    'ignored',
    insideSections,
    'the provider ldap answers every login with 500',
    `
    AuthLDAPAuthorizePrefix AuthLDAPBindAuthoritative AuthLDAPBindDN AuthLDAPBindPassword AuthLDAPCompareAsUser AuthLDAPCompareDNOnServer
    AuthLDAPDereferenceAliases AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPInitialBindAsUser AuthLDAPInitialBindPattern
    AuthLDAPMaxSubGroupDepth AuthLDAPRemoteUserAttribute AuthLDAPRemoteUserIsDN AuthLDAPSearchAsUser AuthLDAPSubGroupAttribute
    AuthLDAPSubGroupClass AuthLDAPURL`,
  ),
  ...rows(
    'authnz_ldap',
    'ignored',
    mainServerOnly,
    'the provider ldap answers every login with 500',
    'AuthLDAPCharsetConfig',
  ),
  ...rows(
    'authz_dbd',
    'ignored',
    insideSections,
    'the requirements dbd-group and dbd-login hold for nobody',
    'AuthzDBDLoginToReferer AuthzDBDQuery AuthzDBDRedirectQuery',
  ),
  ...rows(
    'authz_dbm',
    'ignored',
    insideSections,
    'the requirement dbm-group holds for nobody',
    'AuthDBMGroupFile AuthzDBMType',
  ),
  ...rows(
    'ldap',
    'ignored',
    mainServerOnly,
    'no directory of users is asked',
    `
    LDAPCacheEntries LDAPCacheTTL LDAPConnectionPoolTTL LDAPConnectionTimeout LDAPLibraryDebug LDAPOpCacheEntries LDAPOpCacheTTL LDAPRetries
    LDAPRetryDelay LDAPSharedCacheFile LDAPSharedCacheSize LDAPTimeout LDAPTrustedGlobalCert LDAPTrustedMode LDAPVerifyServerCert`,
  ),
  ...rows(
    'ldap',
    'ignored',
    insideSections,
    'no directory of users is asked',
    'LDAPReferralHopLimit LDAPReferrals LDAPTrustedClientCert',
  ),
  ...rows(
    'dbd',
    'ignored',
    outsideSections,
    'no database of users is asked',
    `
    DBDExptime DBDInitSQL DBDKeep DBDMax DBDMin DBDParams DBDPersist DBDPrepareSQL DBDriver`,
  ),
  ...rows(
    'session',
    'ignored',
    anywhere,
    'sessions are not kept',
    `
    SessionEnv SessionExclude SessionExpiryUpdateInterval SessionHeader SessionInclude SessionMaxAge`,
  ),
  ...rows('session', 'ignored', anywhere, 'sessions are not kept', 'Session', /^off$/i),
  ...rows(
    'session_cookie',
    'ignored',
    anywhere,
    'sessions are not kept',
    'SessionCookieName SessionCookieName2 SessionCookieRemove',
  ),
  ...rows(
    'session_crypto',
    'ignored',
    anywhere,
    'sessions are not kept',
    `
    SessionCryptoCipher SessionCryptoDriver SessionCryptoPassphrase SessionCryptoPassphraseFile`,
  ),
  ...rows(
    'session_dbd',
    'ignored',
    anywhere,
    'sessions are not kept',
    `
    SessionDBDCookieName SessionDBDCookieName2 SessionDBDCookieRemove SessionDBDDeleteLabel SessionDBDInsertLabel SessionDBDPerUser
    SessionDBDSelectLabel SessionDBDUpdateLabel`,
  ),
  ...rows('suexec', 'refused', outsideSections, 'it decides as whom programs run', 'SuexecUserGroup'),
];
