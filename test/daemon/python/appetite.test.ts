import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const packageParent = fileURLToPath(new URL('../../../src/daemon/python', import.meta.url));

/** Prints the share of the time that counts for a thread that had nothing to do for a while and then works for as long. */
const program = `
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from modhost_daemon.appetite import Appetite

def spin():
    while not is_measured:
        pass

is_measured = False
work = {'spin': spin, 'sleep': lambda: time.sleep(2)}[sys.argv[2]]
gate = threading.Lock()
gate.acquire()

def live():
    gate.acquire()
    work()

thread = threading.Thread(target=live, daemon=True)
thread.start()
appetite = Appetite(thread.native_id)
appetite.measure(0, lambda now: 0.0)
begun = time.monotonic()
time.sleep(0.1)
idle = time.monotonic() - begun
gate.release()
time.sleep(0.1)
print(min(1.0, appetite.measure(0, lambda now: idle)))
is_measured = True
`;

const measure = (work: string): number =>
  Number(execFileSync('python3', ['-c', program, packageParent, work], { encoding: 'utf8' }));

it('the appetite of a thread is that of the time in which it had something to do', () => {
  expect(measure('spin')).toBeGreaterThan(0.75);
  expect(measure('sleep')).toBeLessThan(0.5);
});
