import { anywhere, honoured, inModule, list, oneOrTwo } from '../definition.js';

/** What applications find in their environ. */
export const env = inModule('env', [
  honoured('SetEnv', anywhere, oneOrTwo('variable [value]'), 'Sets a variable.', (here, name, value) => {
    const { set, pass } = here.section.environment;
    pass.delete(name);
    set.set(name, value ?? '');
  }),
  honoured(
    'UnsetEnv',
    anywhere,
    list('variable …'),
    'Removes variables of outer sections.',
    (here, names) => {
      for (const name of names) here.section.environment.unset.add(name);
    },
  ),
  honoured(
    'PassEnv',
    anywhere,
    list('variable …'),
    "Passes variables of the server's own environment on.",
    (here, names) => {
      const { set, pass } = here.section.environment;
      for (const name of names) {
        const value = Object.hasOwn(here.draft.environment, name) ? here.draft.environment[name] : undefined;
        if (value === undefined) {
          here.warn(`the variable ${name} is not set in the environment`, { at: { word: name } });
        } else {
          set.delete(name);
          pass.set(name, value);
        }
      }
    },
  ),
]);
