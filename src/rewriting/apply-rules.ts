import { execBounded, PatternTooSlow } from '../matching/index.js';
import { isAbsoluteUrl } from './absolute-url.js';
import { makeCookie } from './cookie.js';
import { leadsTo } from './fixed-server.js';
import { MapUnreadable } from './maps.js';
import type { RewriteRule, RewriteSettings, RuleFlags, Substitution } from './model.js';
import type { MatchedRule, RewriteEffects, RewriteOutcome } from './outcome.js';
import { joinQuery, splitQuery } from './query.js';
import { LookAheadNeeded, Run } from './run.js';
import { readsSecret, showMade, showText } from './shown-text.js';
import type { RewriteRequest, RewriteSubject } from './subject.js';
import { ConditionFault, testConditions } from './test-conditions.js';

/** Nothing that a URL or a file is called is longer: rules that make more do not come to an end. */
const longestResult = 65_536;

/** What the rules make of a request. The same request and the same answers of the subject give the same outcome. */
export function applyRules(
  settings: RewriteSettings,
  request: RewriteRequest,
  subject: RewriteSubject,
): RewriteOutcome {
  try {
    return new Rounds(settings, request, subject).run();
  } catch (error) {
    if (error instanceof LookAheadNeeded) return { kind: 'look-ahead', what: error.what, path: error.path };
    if (error instanceof ConditionFault || error instanceof MapUnreadable || error instanceof PatternTooSlow)
      return { kind: 'fault', status: 500, reason: error.message };
    throw error;
  }
}

/** Where the rules go on behind one that matched. */
type Next = { readonly kind: 'done'; readonly outcome: RewriteOutcome } | 'next-rule' | 'stop' | 'start-over';

class Rounds {
  readonly #settings: RewriteSettings;
  readonly #request: RewriteRequest;
  readonly #run: Run;
  readonly #matched: MatchedRule[] = [];
  readonly #cookies: string[] = [];
  readonly #vary: string[] = [];
  #mediaType: string | undefined;
  #handler: RuleFlags['handler'];
  #handlerPosition: RewriteRule['position'] | undefined;
  #isEnd = false;
  #isPassedThrough = false;
  #redirectStatus = 302;
  #noEscape = false;
  #proxiedBy: RewriteRule | undefined;
  #changed = false;
  #rounds = 0;
  /** Of the last rule that put something in. */
  #substitution: { readonly made: Substitution; readonly flags: RuleFlags } | undefined;

  constructor(settings: RewriteSettings, request: RewriteRequest, subject: RewriteSubject) {
    this.#settings = settings;
    this.#request = request;
    this.#run = new Run(subject, request, settings.directory !== '');
  }

  run(): RewriteOutcome {
    const { rules } = this.#settings;
    for (let at = 0; at < rules.length; at += 1) {
      const rule = rules[at] as RewriteRule;
      const matches = !(rule.flags.notInSubrequests && this.#request.isSubrequest) && this.#match(rule);
      if (!matches) {
        while (rules[at]?.flags.chain) at += 1;
        continue;
      }
      const next = this.#carryOut(rule);
      if (typeof next !== 'string') return next.outcome;
      if (next === 'stop') break;
      if (next === 'start-over') at = -1;
      else at += rule.flags.skip ?? 0;
    }
    return this.#conclude();
  }

  /** What the patterns are compared with: in a directory without the name of that. */
  get #subject(): string {
    const { directory } = this.#settings;
    const whole = this.#run.name + this.#run.pathInfo;
    return directory !== '' && whole.startsWith(directory) ? whole.slice(directory.length) : whole;
  }

  #match(rule: RewriteRule): boolean {
    const run = this.#run;
    const text = this.#subject;
    this.#trace(3, `applying pattern '${rule.text}' to uri '${showMade(text, this.#run)}'`);
    const match = execBounded(rule.pattern, text);
    if ((match !== null) === rule.negated) return false;
    run.ruleGroups = match === null ? [] : [...match];
    return testConditions(rule.conditions, run);
  }

  #carryOut(rule: RewriteRule): Next {
    const run = this.#run;
    const { flags, substitution } = rule;
    for (const header of run.headersRead) if (!this.#vary.includes(header)) this.#vary.push(header);
    const before = showMade(this.#subject, run);
    const made = substitution && run.expand(substitution.template, flags.escape);
    this.#setEnvironment(flags);
    const isRefusing = flags.status !== undefined && flags.status >= 400;
    const shown = made && showText(substitution?.template, made, run);
    this.#matched.push({ rule, before, after: isRefusing ? `${flags.status}` : (shown ?? '-') });
    this.#trace(2, made === undefined ? `no change by '${rule.text}'` : `rewrite '${before}' -> '${shown}'`);
    if (substitution !== undefined) run.holdsSecret = readsSecret(substitution.template, run);
    if (isRefusing) {
      this.#trace(2, `forcing responsecode ${flags.status} for ${showMade(run.name, run)}`);
      return this.#end({ kind: 'status', status: flags.status as number, effects: this.#effects() });
    }
    if (flags.discardPathInfo) run.pathInfo = '';
    if (made !== undefined && substitution !== undefined) {
      const fault = this.#substitute(substitution, made, rule);
      if (fault !== undefined) return this.#end(fault);
    }
    this.#mediaType = flags.mediaType === undefined ? this.#mediaType : run.expand(flags.mediaType);
    if (flags.handler !== undefined) {
      this.#handler = flags.handler;
      this.#handlerPosition = rule.position;
    }
    return this.#goOn(rule, made !== undefined);
  }

  #goOn({ flags, text }: RewriteRule, hasChanged: boolean): Next {
    if (this.#proxiedBy !== undefined) {
      if (flags.end) this.#isEnd = true;
      return 'stop';
    }
    if (flags.passThrough && !this.#run.isInDirectory) this.#isPassedThrough = true;
    if (flags.passThrough) {
      this.#changed = true;
      return 'stop';
    }
    if (flags.end) this.#isEnd = true;
    if (flags.end || flags.last) return 'stop';
    if (flags.nextRounds !== undefined && (hasChanged || flags.nextRounds > 0)) {
      this.#rounds += 1;
      if (this.#rounds >= flags.nextRounds) {
        const reason = `the rule '${text}' exceeded the maximum number of rounds (${flags.nextRounds}) via the flag N`;
        return this.#end({ kind: 'fault', status: 500, reason });
      }
      return 'start-over';
    }
    return 'next-rule';
  }

  #end(outcome: RewriteOutcome): Next {
    return { kind: 'done', outcome };
  }

  #substitute(substitution: Substitution, made: string, rule: RewriteRule): RewriteOutcome | undefined {
    const run = this.#run;
    const { flags } = rule;
    if (made.length > longestResult)
      return { kind: 'fault', status: 500, reason: `the rules make a result of ${made.length} bytes` };
    if (made.includes('?') && !substitution.hasQuestionMark && !flags.allowQuestionMark) {
      const reason = 'what is put in would begin the query with a question mark of its own (UnsafeAllow3F)';
      return { kind: 'fault', status: 403, reason };
    }
    const { path, query } = splitQuery(made, run.query, flags);
    run.query = query;
    this.#changed = true;
    this.#noEscape = flags.noEscape ?? false;
    this.#substitution = { made: substitution, flags };
    if (flags.proxy) return this.#passOn(substitution, path, rule);
    const name = this.#complete(path);
    const isRedirect = flags.status !== undefined;
    const url = isRedirect && !isAbsoluteUrl(name) ? this.#qualify(name) : name;
    if (url === undefined)
      return {
        kind: 'fault',
        status: 500,
        reason: `no URL is known for ${showMade(name, run)} (RewriteBase)`,
      };
    run.name = (isRedirect ? undefined : this.#reduce(url)) ?? url;
    if (isAbsoluteUrl(run.name)) this.#redirectStatus = flags.status ?? 302;
    return undefined;
  }

  /** What is put in must not choose the server where the rule does, and no socket ever. */
  #passOn({ fixedServer }: Substitution, url: string, rule: RewriteRule): RewriteOutcome | undefined {
    const isMeant = fixedServer === undefined ? !/^unix:/i.test(url) : leadsTo(url, fixedServer);
    if (!isAbsoluteUrl(url) || !isMeant)
      return {
        kind: 'fault',
        status: 500,
        reason: `the flag P has no URL of the server it is meant for: ${showMade(url, this.#run)}`,
      };
    this.#run.name = url;
    this.#proxiedBy = rule;
    return undefined;
  }

  /** The path of a URL that leads to the server that was asked. */
  #reduce(url: string): string | undefined {
    const [, scheme = '', host = '', port, path = ''] =
      /^(https?):\/\/([^/:?#]+)(?::(\d+))?([/?#].*|)$/is.exec(url) ?? [];
    const isOwn = host !== '' && this.#run.subject.isOwnUrl(scheme.toLowerCase(), host, Number(port ?? 0));
    return isOwn ? (path.startsWith('/') ? path : `/${path}`) : undefined;
  }

  /** The URL of a name of this server. */
  #qualify(name: string): string | undefined {
    const path = this.#run.isInDirectory ? this.#run.subject.toUrlPath(name) : name;
    return path === undefined ? undefined : `${this.#run.subject.origin()}${path}`;
  }

  /** A relative name is one in the directory, or behind the root. */
  #complete(path: string): string {
    if (isAbsoluteUrl(path)) return path;
    const { directory } = this.#settings;
    return path.startsWith('/') ? path : `${directory === '' ? '/' : directory}${path}`;
  }

  #setEnvironment(flags: RuleFlags): void {
    const run = this.#run;
    for (const { name, value } of flags.environment ?? []) {
      const variable = run.expand(name);
      run.environment.push([variable, value && run.expand(value)]);
      if (value !== undefined && readsSecret(value, run)) run.noteSecretVariable(variable);
    }
    for (const cookie of flags.cookies ?? []) {
      const made = makeCookie(run.expand(cookie), new Date());
      if (made !== undefined) this.#cookies.push(made);
    }
  }

  #conclude(): RewriteOutcome {
    const { name, query } = this.#run;
    const effects = this.#effects();
    const rule = this.#proxiedBy;
    if (rule !== undefined)
      return this.#checkQuery({
        kind: 'proxied',
        target: name,
        query,
        noEscape: this.#noEscape,
        rule,
        effects,
      });
    if (!this.#changed) return this.#checkQuery({ kind: 'unchanged', query, effects });
    if (isAbsoluteUrl(name)) {
      if (this.#noEscape && holdsControls(joinQuery(query))) return unreadableQuery;
      const status = this.#redirectStatus;
      return { kind: 'redirect', status, target: name, query, noEscape: this.#noEscape, effects };
    }
    const substitution = this.#substitution;
    return this.#checkQuery({
      kind: 'rewritten',
      target: name,
      query,
      effects,
      passThrough: this.#isPassedThrough,
      isEscaped: substitution?.flags.escape !== undefined,
      mayBeginWith: (directory) =>
        substitution?.flags.allowAnyPrefix === true ||
        substitution?.made.literalStart.startsWith(directory) === true,
    });
  }

  /** Applications get the query as it is: what no client could have sent in it must not get there. */
  #checkQuery(
    outcome: Extract<RewriteOutcome, { kind: 'rewritten' | 'unchanged' | 'proxied' }>,
  ): RewriteOutcome {
    return holdsControls(joinQuery(outcome.query)) ? unreadableQuery : outcome;
  }

  #effects(): RewriteEffects {
    return {
      environment: this.#run.environment,
      cookies: this.#cookies,
      vary: this.#vary,
      ...(this.#mediaType === undefined ? {} : { mediaType: this.#mediaType }),
      ...(this.#handler === undefined ? {} : { handler: this.#handler }),
      ...(this.#handlerPosition === undefined ? {} : { handlerPosition: this.#handlerPosition }),
      holdsSecret: this.#run.holdsSecret,
      secretVariables: this.#run.secretVariables,
      isEnd: this.#isEnd,
      matched: this.#matched,
    };
  }

  #trace(level: 1 | 2 | 3 | 4, text: string): void {
    this.#run.subject.trace?.(level, text);
  }
}

function holdsControls(text: string): boolean {
  return /[\x00-\x20\x7f]/.test(text);
}

const unreadableQuery: RewriteOutcome = {
  kind: 'fault',
  status: 403,
  reason: 'the rewritten query holds blanks or control characters (flag B)',
};
