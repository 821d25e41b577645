import { describe, expect, it } from 'vitest';
import { Upload } from '../../src/gateway/upload.js';

type Source = ConstructorParameters<typeof Upload>[0];

/** A body of which a test sends every piece itself. */
class Body implements Source {
  readonly length: number | undefined;
  listener: Parameters<Source['start']>[0] | undefined;
  constructor(length: number | undefined) {
    this.length = length;
  }
  start(listener: Parameters<Source['start']>[0]): void {
    this.listener = listener;
  }
  pause(): void {}
  resume(): void {}
}

function startUpload(length: number | undefined) {
  const body = new Body(length);
  const said: string[] = [];
  const upload = new Upload(body, (status, reason) => said.push(`${status} ${reason}`));
  const target = {
    write: (bytes: Buffer) => said.push(bytes.toString()) > 0,
    end: () => said.push('end'),
  };
  return { body, upload, target, said };
}

describe('a body on its way to another server', () => {
  it('is sent when as much has been handed on as was announced', () => {
    const { body, upload, target, said } = startUpload(6);
    upload.attach(target);
    body.listener?.piece(Buffer.from('abcdef'));
    expect(upload.isSent).toBe(false);
    body.listener?.end();
    expect(upload.isSent).toBe(true);
    expect(said).toEqual(['abcdef', 'end']);
  });

  it.each([
    ['shorter', 'abc', ['abc', '500 3 bytes of a request body of 6 bytes']],
    ['longer', 'abcdefg', ['500 7 bytes of a request body of 6 bytes']],
  ])('is a fault when it is %s, so that the connection is not used again', (_, text, expected) => {
    const { body, upload, target, said } = startUpload(6);
    upload.attach(target);
    body.listener?.piece(Buffer.from(text));
    body.listener?.end();
    expect(upload.isSent).toBe(false);
    expect(said).toEqual(expected);
  });

  it('is not sent to anybody without its beginning', () => {
    const { body, upload, target, said } = startUpload(undefined);
    upload.attach({ write: () => true, end: () => {} });
    body.listener?.piece(Buffer.alloc(20_000));
    upload.attach(target);
    body.listener?.piece(Buffer.from('rest'));
    body.listener?.end();
    expect(upload.isSent).toBe(false);
    expect(said).toEqual(['rest', '500 4 bytes of a request body of 20004 bytes']);
  });

  it('is measured against the length that was found by collecting it', async () => {
    const { body, upload, target, said } = startUpload(undefined);
    upload.collect((length) => {
      said.push(`announced ${length}`);
      upload.attach(target);
    });
    body.listener?.piece(Buffer.from('abc'));
    body.listener?.end();
    await expect.poll(() => upload.isSent).toBe(true);
    expect(said).toEqual(['announced 3', 'abc', 'end']);
  });
});
