import type { Judgement, Witness } from '../auth/index.js';
import type { Requirement } from '../config/model.js';
import type { Step, Trace } from '../trace/index.js';
import { describeLimited, describeTest } from './describe-host-access.js';
import { containers, describeRequirement } from './describe-requirement.js';

type Outcome = Extract<Judgement, { kind: 'requirement' }>['outcome'];

/** Turns the judgements behind a verdict into steps, each with the line that it is about. */
export function createAccessWitness(trace: Trace): Witness {
  // Parts are judged before the whole, and are shown below it.
  let outcomes = new Map<Requirement, Outcome>();
  let tests: Step[] = [];

  return (judgement) => {
    switch (judgement.kind) {
      case 'question':
        outcomes = new Map();
        tests = [];
        return;
      case 'host-test':
        tests.push(describeHostTest(judgement));
        return;
      case 'host-access':
        trace({ stage: 'access', text: describeHostAccess(judgement) });
        for (const test of tests) trace(test);
        tests = [];
        return;
      case 'requirement':
        outcomes.set(judgement.requirement, judgement.outcome);
        return;
      case 'requirements': {
        const { requirement, outcome, user } = judgement;
        const whom = user === undefined ? 'while nobody has logged in' : `for ${user}`;
        trace({ stage: 'access', text: `Require ${whom}: ${outcomeWords[outcome]}` });
        for (const step of listSteps(requirement, outcomes, 1)) trace(step);
        outcomes = new Map();
        return;
      }
      case 'access-script': {
        const { script, outcome } = judgement;
        const text = `WSGIAccessScript ${script.file}: ${outcomeWords[outcome]}`;
        trace({ stage: 'access', text, position: script.position });
        return;
      }
      case 'digest-provider':
        trace({
          stage: 'user',
          text: `AuthDigestProvider ${judgement.name}: ${describeRealmHash(judgement)}`,
        });
        return;
      case 'challenge':
        trace({ stage: 'user', text: describeChallenge(judgement) });
        return;
      case 'provider':
        trace({
          stage: 'user',
          text: `AuthBasicProvider ${judgement.name}: ${describeAnswer(judgement.answer)}`,
        });
    }
  };
}

const outcomeWords: Readonly<Record<Outcome, string>> = {
  granted: 'granted',
  denied: 'denied',
  neutral: 'says nothing for or against',
  'needs-user': 'depends on who it is',
  fault: 'cannot be known, so denied',
  'other-method': 'is about other methods',
  'ask-access-script': 'waits for the access script',
  'ask-client-name': 'waits for the name of the client',
  'ask-named-addresses': 'waits for the addresses of names',
  'ask-group-file': 'waits for the groups of the user',
  'ask-group-script': 'waits for the groups of the user',
};

function describeHostAccess(judgement: Extract<Judgement, { kind: 'host-access' }>): string {
  const { order, satisfy, outcome } = judgement;
  const enough = satisfy === 'any' ? '; Satisfy Any: this or Require is enough' : '';
  return `Order ${order}: ${outcome}${enough}`;
}

function describeHostTest({ list, test, outcome }: Extract<Judgement, { kind: 'host-test' }>): Step {
  const written = `${list} from ${describeTest(test.value)}`;
  const text = test.limit === undefined ? written : describeLimited(test.limit, written);
  const said =
    typeof outcome === 'boolean'
      ? outcome
        ? 'fits'
        : 'does not fit'
      : outcome === 'fault'
        ? `cannot be known, so ${list === 'Deny' ? 'it fits' : 'it does not fit'}`
        : outcomeWords[outcome];
  return { stage: 'access', text: `${text}: ${said}`, position: test.position, depth: 1 };
}

/** A requirement and its parts. The container of the bare Require lines of a section has no name: it stands for its parts. */
function listSteps(
  requirement: Requirement,
  outcomes: ReadonlyMap<Requirement, Outcome>,
  depth: number,
  ofContainer?: Outcome,
): Step[] {
  const outcome = outcomes.get(requirement) ?? (ofContainer === 'other-method' ? ofContainer : undefined);
  // Otherwise another part has decided before.
  const said = outcome === undefined ? 'not looked at' : outcomeWords[outcome];
  const { position } = requirement;
  switch (requirement.kind) {
    case 'any':
    case 'every':
    case 'none': {
      const { kind, requirements } = requirement;
      const isNamed = kind !== 'any' || requirements.length > 1;
      const parts = requirements.flatMap((part) =>
        listSteps(part, outcomes, isNamed ? depth + 1 : depth, outcome),
      );
      return isNamed
        ? [{ stage: 'access', text: `<${containers[kind]}>: ${said}`, position, depth }, ...parts]
        : parts;
    }
    case 'limited':
      if (outcome !== 'other-method') return listSteps(requirement.requirement, outcomes, depth);
      break;
    default:
  }
  return [{ stage: 'access', text: `Require ${describeRequirement(requirement)}: ${said}`, position, depth }];
}

function describeRealmHash({ user, answer }: Extract<Judgement, { kind: 'digest-provider' }>): string {
  switch (answer.kind) {
    case 'known':
      return `${user} is known`;
    case 'user-not-found':
      return 'does not know the user';
    case 'fault':
    case 'busy':
      return `cannot tell: ${answer.text}`;
  }
}

function describeChallenge({ authType, settings }: Extract<Judgement, { kind: 'challenge' }>): string {
  const { authBasicProviders, authDigestProviders, authUserFile, authUserScript } = settings;
  const words = (authType === 'Digest' ? authDigestProviders : authBasicProviders) ?? [];
  const providers = words.length === 0 ? ['file'] : words;
  const sources: Readonly<Record<string, string | undefined>> = {
    file: authUserFile,
    wsgi: authUserScript?.file,
  };
  const asked = providers.map((name) => (sources[name] === undefined ? name : `${name} (${sources[name]})`));
  return `nobody logs in: 401; AuthType ${authType} would ask ${asked.join(', then ')}`;
}

function describeAnswer(answer: Extract<Judgement, { kind: 'provider' }>['answer']): string {
  switch (answer.kind) {
    case 'granted':
      return `${answer.user} is known, and the password is taken to be right`;
    case 'denied':
      return `the password is wrong (${answer.why})`;
    case 'user-not-found':
      return 'does not know the user';
    case 'fault':
    case 'busy':
      return `cannot tell: ${answer.text}`;
  }
}
