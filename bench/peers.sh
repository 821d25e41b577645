#!/usr/bin/env bash
# Installs what `npm run bench` compares with: Debian's packages; granian and Django in a virtual environment of Debian's Python,
# which Apache's mod_wsgi is built for; Express, a server for Fetch handlers and autocannon from npm.
set -eu
cd "$(dirname "$0")"
apt-get -qq update
apt-get -qq install --yes --no-install-recommends \
  apache2-bin libapache2-mod-wsgi-py3 media-types nginx-light uwsgi-core uwsgi-plugin-python3 gunicorn python3-venv wrk
chmod 755 .
/usr/bin/python3 -m venv venv
venv/bin/pip install --quiet granian==2.8.7 Django==5.2.19 || echo 'PyPI did not give granian and Django'
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts || echo 'npm did not give Express, @hono/node-server and autocannon'
