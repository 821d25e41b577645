import { LogFormatError, parseLogFormat } from '../../log/index.js';
import { honoured, inModule, one, oneOrTwo, outsideSections, twoOrThree } from '../definition.js';
import type { Here } from '../draft.js';
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
    twoOrThree('file format|nickname [env=[!]variable]'),
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
  const condition = conditionText === undefined ? undefined : parseCondition(conditionText);
  if (condition === 'wrong') {
    here.fail(`expected env=variable or env=!variable, not '${conditionText}'`);
    return;
  }
  if (destination === undefined || !checkFormat(here, format)) return;
  here.server.customLogs.push({
    destination,
    format,
    ...(condition === undefined ? {} : { condition }),
    position: here.place.position,
  });
}

function parseCondition(text: string): NonNullable<CustomLog['condition']> | 'wrong' {
  const match = /^env=(!?)(.+)$/is.exec(text);
  return match?.[2] === undefined ? 'wrong' : { variable: match[2], negated: match[1] === '!' };
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
