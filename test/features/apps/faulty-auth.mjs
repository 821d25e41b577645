/** A password script that ends its process, or does not come back. */
export async function checkPassword(_environ, user, password) {
  if (user === 'die') process.exit(3);
  if (user === 'hang') await new Promise((resolve) => setTimeout(resolve, 600_000));
  return password === 'secret';
}
