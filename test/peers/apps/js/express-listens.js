import express from 'express';

const app = express();
app.get('/', (_request, response) => {
  response.send('meant to be run by node itself');
});

// The environment is the daemon process's: nobody set PORT.
app.listen(Number(process.env.PORT ?? 3000));
