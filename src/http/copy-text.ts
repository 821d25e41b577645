/**
 * The same text in memory of its own. What `slice` and `split` give holds on to the whole text that it was cut from: a name of thirty characters
 * that is kept for long would keep the request, or the answer, in which it came.
 */
export function copyText(text: string): string {
  // The engine joins the two before it cuts, and does not go back to where `text` came from.
  return ` ${text}`.slice(1);
}
