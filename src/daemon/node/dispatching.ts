import type { ReplyMessage } from '../../wire/index.js';
import type { ModuleExports } from './module-exports.js';

type DispatchFunction = (environ: Record<string, unknown>) => unknown;

/** Each under Python's name and under JavaScript's. */
const exportNames = {
  process_group: ['process_group', 'processGroup'],
  application_group: ['application_group', 'applicationGroup'],
  callable_object: ['callable_object', 'callableObject'],
} as const;

/** Asks the functions of a dispatch script, of which undefined or null keeps what the site file says; undefined if it has none. */
export function findDispatch(
  exports: ModuleExports,
): ((environ: Record<string, unknown>) => Promise<ReplyMessage | string>) | undefined {
  const functions = Object.entries(exportNames).flatMap(([name, exported]) => {
    const found = exported.map((one) => exports.get(one)).find((value) => value !== undefined);
    return found === undefined ? [] : [[name, found as DispatchFunction] as const];
  });
  if (functions.length === 0) return undefined;
  return async (environ) => {
    const texts: string[] = [];
    for (const [name, ask] of functions) {
      const answer = await ask(environ);
      if (answer === undefined || answer === null) continue;
      const text = answer instanceof Uint8Array ? Buffer.from(answer).toString('latin1') : answer;
      // Fit for the log, too.
      if (typeof text !== 'string' || !/^[\x20-\x7e\x80-\xff]*$/.test(text))
        return `something else than null or a name in latin-1 (${name})`;
      texts.push(name, text);
    }
    return { kind: 'list', texts };
  };
}
