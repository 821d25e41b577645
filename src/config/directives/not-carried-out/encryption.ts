import { anywhere, type Definition, mainServerOnly, outsideSections } from '../../definition.js';
import { rows } from './rows.js';

/** TLS and its certificates. */
export const encryptionRest: readonly Definition[] = [
  ...rows(
    'ssl',
    'refused',
    outsideSections,
    'TLS, without which connections would not be protected',
    `
    SSLOCSPDefaultResponder SSLOCSPNoVerify SSLOCSPOverrideResponder SSLOCSPProxyURL SSLOCSPResponderCertificateFile
    SSLOCSPResponderTimeout SSLOCSPResponseMaxAge SSLOCSPResponseTimeSkew SSLOCSPUseRequestNonce SSLOpenSSLConfCmd
    SSLSRPUnknownUserSeed SSLSRPVerifierFile`,
  ),
  ...rows(
    'ssl',
    'refused',
    outsideSections,
    'what TLS asks for beyond certificates and lists of revoked ones',
    'SSLFIPS SSLOCSPEnable',
    /^off$/i,
  ),
  ...rows(
    'ssl',
    'refused',
    mainServerOnly,
    'hardware that does the computing of TLS',
    'SSLCryptoDevice',
    /^builtin$/i,
  ),
  ...rows(
    'ssl',
    'ignored',
    outsideSections,
    'answers of the certificate authority are not sent along: clients ask it themselves, or do not',
    'SSLUseStapling',
    /^off$/i,
  ),
  ...rows(
    'ssl',
    'ignored',
    outsideSections,
    'keys of sessions are made at start and shared by all front ends',
    'SSLSessionTicketKeyFile',
  ),
  ...rows(
    'ssl',
    'ignored',
    outsideSections,
    'clients are told the names of the authorities that are believed',
    'SSLCADNRequestFile SSLCADNRequestPath',
  ),
  ...rows(
    'ssl',
    'accepted',
    outsideSections,
    'goes with SSLUseStapling',
    `
    SSLStaplingErrorCacheTimeout SSLStaplingFakeTryLater SSLStaplingForceURL SSLStaplingResponderTimeout SSLStaplingResponseMaxAge
    SSLStaplingResponseTimeSkew SSLStaplingReturnResponderErrors SSLStaplingStandardCacheTimeout`,
  ),
  ...rows(
    'ssl',
    'accepted',
    mainServerOnly,
    'the runtime sees to it: session tickets need no cache, and random numbers come from the system',
    'SSLRandomSeed SSLSessionCache SSLStaplingCache',
  ),
  ...rows(
    'ssl',
    'refused',
    anywhere,
    'TLS, without which connections would not be protected',
    `
    SSLLog SSLLogLevel
    SSLProxyCACertificatePath SSLProxyCARevocationCheck SSLProxyCARevocationFile SSLProxyCARevocationPath
    SSLProxyMachineCertificateChainFile SSLProxyMachineCertificatePath`,
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
];
