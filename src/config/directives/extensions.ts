import type { Here } from '../draft.js';
import type { ExtensionSettings } from '../model.js';

/** Says something about the extensions, on top of what the section has said of them. With or without dot, any case. */
export function addExtensions(here: Here, extensions: readonly string[], said: ExtensionSettings): void {
  if (extensions.length === 0) {
    here.fail('expected one or more extensions, such as .html, after its first argument', {
      kind: 'argument-count',
      at: 'end',
    });
    return;
  }
  const { settings } = here.section;
  const known = settings.extensions ?? new Map<string, ExtensionSettings>();
  for (const extension of extensions) {
    const key = extension.replace(/^\./, '').toLowerCase();
    known.set(key, { ...known.get(key), ...said });
  }
  settings.extensions = known;
}

/** Takes back what outer sections, and the widely known types, say about the extensions. */
export function removeExtensions(
  here: Here,
  extensions: readonly string[],
  member: keyof ExtensionSettings,
): void {
  addExtensions(here, extensions, { [member]: '' });
}
