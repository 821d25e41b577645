import { anywhere, type Definition, mainServerOnly, outsideSections } from '../../definition.js';
import { rows } from './rows.js';

/** The core, its processes and its logs. */
export const coreRest: readonly Definition[] = [
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
    'MergeTrailers RegexDefaultOptions RegisterHttpMethod',
  ),
  ...rows(
    'core',
    'accepted',
    anywhere,
    'tunes the inside of httpd',
    `
    CGIVar ContentDigest EnableMMAP EnableSendfile MaxRangeOverlaps MaxRangeReversals MaxRanges ReadBufferSize`,
  ),
  ...rows('core', 'accepted', anywhere, 'nothing here reads bodies as XML', 'LimitXMLRequestBody'),
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
    'ServerPath Protocol ProtocolsHonorOrder',
  ),
  ...rows('core', 'ignored', outsideSections, 'only HTTP/1.1 is spoken yet', 'Protocols', /^http\/1\.1$/i),
  ...rows('core', 'ignored', anywhere, 'host names are never looked up', 'HostnameLookups', /^off$/i),
  ...rows(
    'core',
    'ignored',
    anywhere,
    'not carried out yet',
    `
    DefaultType QualifyRedirectURL SetOutputFilter`,
  ),
  ...rows(
    'core',
    'refused',
    anywhere,
    'the file could be shown where httpd would run a handler',
    'SetInputFilter',
  ),
  ...rows(
    'core',
    'refused',
    outsideSections,
    'it decides which requests are let in',
    'HttpProtocolOptions',
    /^strict(\s+require1\.0|\s+allow0\.9|\s+registeredmethods|\s+lenientmethods)*$/i,
  ),
  ...rows('core', 'refused', anywhere, 'it limits what a request may use', 'RLimitCPU RLimitMEM RLimitNPROC'),
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
];
