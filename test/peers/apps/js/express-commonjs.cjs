const express = require('express');

const app = express();
app.get('/', (_request, response) => {
  response.send(`a CommonJS module below ${__dirname.split('/').at(-1)}`);
});

module.exports = app;
