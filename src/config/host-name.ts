/** Whether a host can have this name, or one that ends with it: `example.com`, `.example.com`, with underscores too. */
export function isHostName(text: string): boolean {
  return /^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text);
}
