import type { SectionDraft } from './draft.js';
import type { DirectorySettings, Position } from './model.js';

/** The directive that said something of a section's settings: the last one of those that did. */
export type FindOrigin = (settings: DirectorySettings, member: string) => Position | undefined;

/** Beside the configuration, not in it: front ends have no use for it. */
const origins = new WeakMap<DirectorySettings, ReadonlyMap<string, Position>>();

/** Does something that may change what a section says, and remembers which directive did. */
export function applyTo(section: SectionDraft, position: Position, apply: () => void): void {
  const before: Readonly<Record<string, unknown>> = { ...section.settings };
  apply();
  for (const [member, value] of Object.entries(section.settings))
    if (value !== before[member]) section.origins.set(member, position);
}

/** Called once per section, when its settings are complete. */
export function keepOrigins(settings: DirectorySettings, draft: SectionDraft): DirectorySettings {
  if (draft.origins.size > 0) origins.set(settings, draft.origins);
  return settings;
}

/** Absent for what several directives say together, and for settings that were not read from a file. */
export const findOrigin: FindOrigin = (settings, member) =>
  origins.get(settings)?.get(member) ?? positionOf(settings, member);

function positionOf({ require, hostAccess }: DirectorySettings, member: string): Position | undefined {
  if (member === 'require') return require?.position;
  if (member !== 'hostAccess' || hostAccess === undefined) return undefined;
  const { orders, allow, deny, satisfy } = hostAccess;
  return [...orders, ...allow, ...deny, ...satisfy].map(({ position }) => position).at(0);
}
