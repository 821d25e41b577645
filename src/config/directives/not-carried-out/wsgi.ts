import { anywhere, type Definition, insideSections, mainServerOnly } from '../../definition.js';
import { rows } from './rows.js';

/** mod_wsgi. */
export const wsgiRest: readonly Definition[] = [
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
  ...rows('wsgi', 'ignored', anywhere, 'not carried out yet', 'WSGIIgnoreActivity', /^off$/i),
  ...rows(
    'wsgi',
    'ignored',
    mainServerOnly,
    'gone since mod_wsgi 6',
    'WSGILazyInitialization WSGINewRelicConfigFile WSGINewRelicEnvironment',
  ),
];
