import { LogFormatError, parseLogFormat } from '../../log/index.js';
import { honoured, inModule, one, oneOrTwo, outsideSections, twoOrThree } from '../definition.js';
import type { Here } from '../draft.js';
import { takeCondition } from '../expression.js';
import { parseLogDestination } from '../log-destination.js';
import type { CustomLog } from '../model.js';

/** Access logs. */
export const logConfig = inModule('log_config', [
  honoured(
    'LogFormat',
    outsideSections,
    oneOrTwo('format [nickname]'),
    'Gives a format a name, or TransferLog its format.',
    addFormat,
  ),
  honoured(
    'CustomLog',
    outsideSections,
    twoOrThree('file format|nickname [env=[!]variable|expr=expression]'),
    'An access log.',
    addCustomLog,
  ),
  honoured(
    'TransferLog',
    outsideSections,
    one('file'),
    'An access log in the format of the last LogFormat without nickname.',
    (here, file) => {
      const destination = parseLogDestination(here, file);
      if (destination !== undefined)
        here.server.customLogs.push({ destination, format: undefined, position: here.place.position });
    },
  ),
]);

function addFormat(here: Here, format: string, nickname: string | undefined): void {
  if (!checkFormat(here, format)) return;
  if (nickname === undefined) here.server.transferFormat = format;
  else here.server.logFormats.set(nickname, format);
}

function addCustomLog(here: Here, file: string, format: string, conditionText: string | undefined): void {
  const destination = parseLogDestination(here, file);
  const condition = conditionText === undefined ? undefined : parseLogCondition(here, conditionText);
  if (condition === 'wrong') return;
  if (destination === undefined || !checkFormat(here, format)) return;
  here.server.customLogs.push({
    destination,
    format,
    ...(condition === undefined ? {} : { condition }),
    position: here.place.position,
  });
}

function parseLogCondition(here: Here, text: string): NonNullable<CustomLog['condition']> | 'wrong' {
  const [, kind, value = ''] = /^(env|expr)=(.+)$/is.exec(text) ?? [];
  if (kind === undefined) {
    here.fail(`expected env=variable, env=!variable or expr=expression, not '${text}'`);
    return 'wrong';
  }
  if (kind.toLowerCase() === 'env')
    return { kind: 'variable', variable: value.replace(/^!/, ''), negated: value.startsWith('!') };
  const condition = takeCondition(here, value);
  return condition === undefined ? 'wrong' : { kind: 'expression', condition };
}

function checkFormat(here: Here, format: string): boolean {
  try {
    parseLogFormat(format);
    return true;
  } catch (error) {
    if (!(error instanceof LogFormatError)) throw error;
    here.fail(error.message, { at: { word: format } });
    return false;
  }
}
