import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultSiteFile } from './find-site-file.js';

/** Where package.json, conf/ and dist/ are. */
export const packageFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** `0.1.0` */
export function readVersion(): string {
  const text = readFileSync(`${packageFolder}/package.json`, 'utf8');
  return String((JSON.parse(text) as { version?: unknown }).version);
}

/** What -v prints. */
export function formatVersion(): string {
  return `Server version: modhost/${readVersion()}\nNode.js:        ${process.version} (${process.platform} ${process.arch})\n`;
}

/** What -V prints: the version and the paths that hold until a site file or the command line says otherwise. */
export function formatSettings(workingFolder = process.cwd()): string {
  const settings = [
    ['HTTPD_ROOT', workingFolder],
    ['SERVER_CONFIG_FILE', defaultSiteFile],
    ['SAMPLE_SITE', `${packageFolder}/${defaultSiteFile}`],
  ];
  const lines = settings.map(([name, value]) => ` -D ${name}="${value}"\n`);
  return `${formatVersion()}Server compiled with....\n${lines.join('')}`;
}
