/**
 * Makes one file of each program in dist/ and the modules that it imports: `node src/build/join-modules.mjs dist/main.js …`, in place.
 * Of a module that is to be loaded on demand, with `require`, it makes one in CommonJS beside it: `dist/config/htaccess.cjs`.
 *
 * To find, read, compile and link four hundred modules takes Node four times as long as to run them, and 25 MB. This is no bundler: it
 * knows the few forms of import and export that our code has and the compiler writes, one a line, and stops at all others. Each module
 * becomes a function that is called once, in the order in which Node would have run them, with its imports as constants.
 * What is imported with `import()` stays in its own file.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, posix, relative, resolve, sep } from 'node:path';

const joined = process.argv.slice(2).map((target) => {
  const file = resolve(target);
  return [target, target.endsWith('.cjs') ? joinLibrary(file.replace(/cjs$/, 'js')) : joinProgram(file)];
});
for (const [target, text] of joined) writeFileSync(target, escapeUnicode(text));

/** The text that stands for the program and all that it imports. */
function joinProgram(program) {
  const { interpreter, packages, bodies } = joinModules(program, {
    locate: (place) => `new URL('./${place}', import.meta.url).href`,
    finish: () => '',
  });
  const imports = [...packages].map(([specifier, name]) => `import * as ${name} from '${specifier}';`);
  return `${interpreter}${[...imports, ...bodies].join('\n')}\n`;
}

/** The same for a module whose exports somebody requires. */
function joinLibrary(library) {
  const { packages, bodies } = joinModules(library, {
    locate: (place) => `require('node:url').pathToFileURL(\`\${__dirname}/${place}\`).href`,
    finish: (exported) => `module.exports = { ${exported.join(', ')} };\n`,
  });
  const imports = [...packages].map(([specifier, name]) => {
    if (!specifier.startsWith('node:')) throw new Error(`${library}: ${specifier} would have to be required`);
    return `const ${name} = require('${specifier}');`;
  });
  return `${[...imports, ...bodies].join('\n')}\n`;
}

/**
 * Text of nothing but ASCII takes half of the memory, as long as the process lives. Only strings, templates and regular expressions
 * hold anything else, since the compiler takes the comments out, and may hold escapes.
 */
function escapeUnicode(text) {
  if (text.includes('String.raw'))
    throw new Error('a form that is not known here: String.raw knows no escapes');
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * What stands at the beginning, the packages that are imported with their names, and a text for each module. `locate` writes the URL of
 * a file, `finish` what follows upon the program itself.
 */
function joinModules(program, { locate, finish }) {
  const modules = orderModules(program);
  const names = new Map([...modules.keys()].map((file, at) => [file, `module${at}`]));
  const packages = new Map();
  const folder = dirname(program);
  const bodies = [...modules].map(([file, text]) => {
    const place = relative(folder, file).split(sep).join(posix.sep);
    const { body, exported } = rewriteModule(file, text, names, packages);
    const located = body.replaceAll('import.meta.url', locate(place));
    // The program itself may wait for something.
    if (file === program) return `{ // ${place}\n${located}${finish(exported)}}`;
    return `const ${names.get(file)} = (() => { // ${place}\n${located}return { ${exported.join(', ')} };\n})();`;
  });
  return { interpreter: /^#!.*\n/.exec(modules.get(program))?.[0] ?? '', packages, bodies };
}

/** File → text, each after those that it imports. */
function orderModules(program) {
  const modules = new Map();
  const open = [];
  const visit = (file) => {
    if (modules.has(file)) return;
    if (open.includes(file)) throw new Error(`${open.join(' imports ')} imports ${file}: a circle`);
    open.push(file);
    const text = readFileSync(file, 'utf8');
    for (const [, specifier] of text.matchAll(/^(?:import|export) .*from '(\..*)';$/gm))
      visit(resolve(dirname(file), specifier));
    open.pop();
    modules.set(file, text);
  };
  visit(program);
  return modules;
}

/** The module's text with neither imports nor exports, and the members of the object that stands for it. */
function rewriteModule(file, text, names, packages) {
  const exported = [];
  const nameOf = (specifier) => {
    if (specifier.startsWith('.')) return names.get(resolve(dirname(file), specifier));
    if (!packages.has(specifier)) packages.set(specifier, `package${packages.size}`);
    return packages.get(specifier);
  };
  const body = text
    .split('\n')
    .filter((line) => !line.startsWith('#!') && line !== 'export {};')
    .map((line) => {
      if (!/^(import|export)\b/.test(line)) return line;
      const [, imported, from] = /^import \{ (.*) \} from '(.*)';$/.exec(line) ?? [];
      if (imported !== undefined) return `const { ${imported.replaceAll(' as ', ': ')} } = ${nameOf(from)};`;
      const [, preset, presetFrom] = /^import (\w+) from '(.*)';$/.exec(line) ?? [];
      if (preset !== undefined) return `const { default: ${preset} } = ${nameOf(presetFrom)};`;
      const [, passed, passedFrom] = /^export \{ (.*) \} from '(.*)';$/.exec(line) ?? [];
      if (passed !== undefined) {
        for (const one of passed.split(/, ?/).filter(Boolean)) {
          const [inner, outer = inner] = one.split(' as ');
          exported.push(`${outer}: ${nameOf(passedFrom)}.${inner}`);
        }
        return '';
      }
      const [, allFrom] = /^export \* from '(.*)';$/.exec(line) ?? [];
      if (allFrom !== undefined) {
        exported.push(`...${nameOf(allFrom)}`);
        return '';
      }
      const [, name] = /^export (?:const|class|(?:async )?function\*?) (\w+)/.exec(line) ?? [];
      if (name === undefined) throw new Error(`${file}: a form that is not known here: ${line}`);
      exported.push(name);
      return line.slice('export '.length);
    })
    .join('\n');
  return { body, exported };
}
