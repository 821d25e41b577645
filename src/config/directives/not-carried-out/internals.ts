import {
  anywhere,
  type Definition,
  insideSections,
  mainServerOnly,
  outsideSections,
} from '../../definition.js';
import { rows } from './rows.js';

/** Protocols, and the inside of httpd. */
export const internalsRest: readonly Definition[] = [
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
];
