// A password script that answers what the user's name says.

const answers = {
  true: true,
  false: false,
  none: null,
  name: 'somebody',
  number: 1,
  empty: '',
  bytes: Buffer.from('x'),
};

export async function checkPassword(_environ, user) {
  if (user === 'raise') throw new Error('the database is away');
  return answers[user];
}
