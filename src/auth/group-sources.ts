import type { DirectorySettings } from '../config/model.js';
import { describeFileFault, followFiles } from './followed-files.js';
import { parseGroupFile } from './group-file.js';
import type { AuthPorts, AuthRequest } from './index.js';

/** The groups of a user, or why they cannot be known. */
export type Groups =
  | { readonly kind: 'known'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'fault'; readonly text: string };

export type GroupSource = (
  request: AuthRequest,
  settings: DirectorySettings,
  user: string,
) => Promise<Groups>;

export interface GroupSources {
  /** AuthGroupFile. */
  readonly file: GroupSource;
  /** WSGIAuthGroupScript. */
  readonly script: GroupSource;
}

/** Where `Require group` and `Require wsgi-group` look. */
export function createGroupSources(ports: AuthPorts): GroupSources {
  const groupFiles = followFiles(parseGroupFile);
  return {
    file: async (_request, { authGroupFile: file }, user) => {
      if (file === undefined) return faultOf('AH01664: AuthGroupFile is not set');
      try {
        // Somebody may be in the middle of writing the file, and who is not in it yet may be let in for that (`Require not group`).
        const groups = await groupFiles.readAtRest(file);
        return { kind: 'known', names: groups.get(user) ?? new Set() };
      } catch (error) {
        const cause = describeFileFault(error);
        if (cause === undefined) throw error;
        return faultOf(`AH01665: Could not open group file: ${file}: ${cause}`);
      }
    },

    script: async (request, { authGroupScript: script }, user) => {
      if (script === undefined) return faultOf('WSGIAuthGroupScript is not set');
      try {
        const names: unknown = await ports.groupsForUser(script, request.environ(), user);
        if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
          return faultOf(`groups_for_user of ${script.file} did not answer with names`);
        return { kind: 'known', names: new Set(names) };
      } catch (error) {
        const cause = error instanceof Error ? error.message : String(error);
        return faultOf(`groups_for_user of ${script.file}: ${cause}`);
      }
    },
  };
}

function faultOf(text: string): Groups {
  return { kind: 'fault', text };
}
