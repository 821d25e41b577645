/** Says what the options of its process group have made of the process it runs in. */

import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';

export default (_, response) => {
  const { LANG, LC_ALL, PYTHON_EGG_CACHE } = process.env;
  response.setHeader('Content-Type', 'application/json');
  response.end(
    JSON.stringify({
      pid: process.pid,
      folder: process.cwd(),
      program: process.argv0,
      umask: process.umask(),
      groups: supplementaryGroups(),
      variables: { LANG, LC_ALL, PYTHON_EGG_CACHE },
      nice: getPriority(),
      data: limitOf('data size'),
      addressSpace: limitOf('address space'),
      processorTime: limitOf('cpu time'),
    }),
  );
};

/** Of proc(5): process.getgroups() adds the group of the process itself. */
function supplementaryGroups() {
  const [, list] = /^Groups:(.*)$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  return list.trim().split(' ').map(Number);
}

/** The soft limit, of proc(5). */
function limitOf(name) {
  const found = new RegExp(`^Max ${name} +(\\d+)`, 'm').exec(readFileSync('/proc/self/limits', 'latin1'));
  return Number(found?.[1]);
}
