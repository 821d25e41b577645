#!/usr/bin/env bash
# Installs what `npm run bench` compares with, from Debian's packages.
set -eu
apt-get -qq update
apt-get -qq install --yes --no-install-recommends \
  apache2-bin libapache2-mod-wsgi-py3 media-types nginx-light uwsgi-core uwsgi-plugin-python3 gunicorn wrk
