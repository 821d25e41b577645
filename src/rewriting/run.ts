import { escapeBackreference } from './escape.js';
import { lookUp } from './maps.js';
import type { BackreferenceEscape, LookAheadKind, Template } from './model.js';
import { joinQuery, type Query, sentQuery } from './query.js';
import { isNamedIn, variableKey } from './shown-text.js';
import type { LookAhead, RewriteRequest, RewriteSubject } from './subject.js';
import type { RewriteVariable } from './variables.js';

/** Something has to be found out before the rules can go on. Never leaves this room. */
export class LookAheadNeeded extends Error {
  constructor(
    readonly what: LookAheadKind,
    readonly path: string,
  ) {
    super('look ahead');
  }
}

/** One run through a list of rules: what they have changed so far, and what their texts mean at this moment. */
export class Run {
  readonly subject: RewriteSubject;
  readonly isInDirectory: boolean;
  name: string;
  pathInfo: string;
  query: Query;
  ruleGroups: readonly (string | undefined)[] = [];
  conditionGroups: readonly (string | undefined)[] = [];
  readonly environment: [name: string, value: string | undefined][] = [];
  /** What the last condition caught may be part of what nobody should read. */
  hasCaughtSecret = false;
  /** What the rules have made so far holds such a thing: from then on, none of it is shown. */
  holdsSecret: boolean;
  /** Variables, in lower case, that such a thing was put in. */
  readonly secretVariables: string[];
  /** Headers that the conditions of the current rule have read. */
  headersRead: string[] = [];

  constructor(subject: RewriteSubject, request: RewriteRequest, isInDirectory: boolean) {
    this.subject = subject;
    this.isInDirectory = isInDirectory;
    this.name = request.name;
    this.pathInfo = request.pathInfo;
    this.query = sentQuery(request.query);
    this.holdsSecret = request.holdsSecret ?? false;
    this.secretVariables = [...(request.secretVariables ?? [])];
  }

  expand(template: Template, how?: BackreferenceEscape): string {
    return template.map((part) => this.#expandPart(part, how)).join('');
  }

  isSecretVariable(name: string): boolean {
    return isNamedIn(this.secretVariables, name);
  }

  noteSecretVariable(name: string): void {
    if (!this.isSecretVariable(name)) this.secretVariables.push(variableKey(name));
  }

  lookAhead(what: LookAheadKind, path: string): LookAhead {
    const found = this.subject.lookAhead(what, path);
    if (found === undefined) throw new LookAheadNeeded(what, path);
    return found;
  }

  #expandPart(part: Template[number], how: BackreferenceEscape | undefined): string {
    switch (part.kind) {
      case 'literal':
        return part.text;
      case 'group': {
        const groups = part.of === 'rule' ? this.ruleGroups : this.conditionGroups;
        const text = groups[part.number] ?? '';
        return how === undefined ? text : escapeBackreference(text, how);
      }
      case 'variable':
        return this.#readVariable(part.name);
      case 'header':
        return this.#readHeader(part.name);
      case 'environment':
        return this.#readEnvironment(part.name);
      case 'tls':
        return this.subject.tlsVariable(part.name) ?? '';
      case 'look-ahead':
        return this.lookAhead(part.what, this.name).variable(part.name) ?? '';
      case 'map': {
        const map = this.subject.map(part.name);
        const value = map && lookUp(map, this.expand(part.key, how));
        return value || this.expand(part.fallback, how);
      }
    }
  }

  #readHeader(name: string): string {
    this.headersRead.push(name);
    return this.subject.requestHeader(name) ?? '';
  }

  #readEnvironment(name: string): string {
    const wanted = name.toLowerCase();
    const change = this.environment.findLast(([changed]) => changed.toLowerCase() === wanted);
    return (change === undefined ? this.subject.environment(name) : change[1]) ?? '';
  }

  #readVariable(name: RewriteVariable): string {
    switch (name) {
      case 'QUERY_STRING':
        return joinQuery(this.query);
      case 'PATH_INFO':
        return this.pathInfo;
      case 'REQUEST_FILENAME':
      case 'SCRIPT_FILENAME':
        return this.name;
      default: {
        const header = headerVariables.get(name);
        return header === undefined ? (this.subject.variable(name) ?? '') : this.#readHeader(header);
      }
    }
  }
}

const headerVariables: ReadonlyMap<RewriteVariable, string> = new Map([
  ['HTTP_ACCEPT', 'Accept'],
  ['HTTP_COOKIE', 'Cookie'],
  ['HTTP_FORWARDED', 'Forwarded'],
  ['HTTP_HOST', 'Host'],
  ['HTTP_PROXY_CONNECTION', 'Proxy-Connection'],
  ['HTTP_REFERER', 'Referer'],
  ['HTTP_USER_AGENT', 'User-Agent'],
]);
