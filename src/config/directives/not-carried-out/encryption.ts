import {
  anywhere,
  type Definition,
  insideSections,
  mainServerOnly,
  outsideSections,
} from '../../definition.js';
import { rows } from './rows.js';

/** TLS and its certificates. */
export const encryptionRest: readonly Definition[] = [
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
];
