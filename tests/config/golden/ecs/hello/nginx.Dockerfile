# Dockerfile of NGINX for hello on ECS, written by Portico. Change the settings and run `pulumi up`.
# --- static files, from the image of the same release
ARG APPLICATION
FROM ${APPLICATION} AS files
USER 0
COPY files.py /files.py
RUN mkdir -p /run/portico /srv/static \
    && python3 -I /files.py hello <release of hello> 40870 static /static/ compress '.* *~ #*# *.bak *.bak[0-9] *.bak[0-9][0-9] *.bak.* *.backup *.bk *.bkp *.sav *.py.* *.old *.old[0-9] *.orig *.save *.save.* *.copy *.swp *.swo *.swn *.tmp *.temp *.rej *.dist *.py *.py[a-z] __pycache__ *.ipynb *.php *.php[0-9] *.phtml *.j2 *.jinja *.jinja2 *.ini *.cfg *.conf *.toml *.tfstate *.tfvars *.tfvars.* *.lock dockerfile* docker-compose* compose.yml compose*.yaml procfile* pipfile* makefile requirements*.txt *.sql *.sql.* *.sqlite* *.db *.db[0-9] *.db-* *.db.* *.mdb *.accdb *.rdb *.dbf *.dump *.dump.* *.dmp *.pgdump *.psql *.aof *.bson *.ibd *.pkl *.pickle celerybeat-schedule* *.pem *.key *.p12 *.pfx *.p8 *.jks *.jceks *.keystore *.truststore *.kubeconfig *.jwk *.kdb *.kdbx *.ppk *.keytab *.ovpn id_rsa* id_dsa* id_ecdsa* id_ed25519* *_rsa *_ed25519 known_hosts authorized_keys htpasswd* *.htpasswd *.env *.env.* *.envrc env.txt kubeconfig* credentials*.json secrets*.json client_secret*.json service-account*.json service_account*.json secrets.yml secrets.yaml secrets.toml credentials.yml credentials.yaml *.log *.log.* *.log[0-9] *.pid *.core nohup.out error_log* access_log* ->..'

# --- NGINX with its files, which lie as they do on a machine
FROM nginx:1.30.6
USER 0
LABEL portico.role=nginx portico.site=hello portico.tree=<treedigest>
COPY tree/ /etc/portico/trees/<treedigest>/
COPY --from=files /srv/static/ /srv/static/
# The only places that can be written to, for NGINX's user alone: a volume begins as the folder is in the image.
RUN ln -s trees/<treedigest> /etc/portico/live \
    && mkdir -p /tmp /var/cache/nginx /var/lib/nginx /etc/portico/private \
    && chown 101:101 /tmp /var/cache/nginx /var/lib/nginx /etc/portico/private \
    && chmod 0700 /etc/portico/private
USER 101:101
# The last check, as the user that will run it: from files that NGINX refuses no image is made.
RUN nginx -t -c /etc/portico/live/nginx.conf
VOLUME ["/tmp", "/var/cache/nginx", "/var/lib/nginx", "/etc/portico/private"]
# NGINX answers the requests that it has accepted before it ends.
STOPSIGNAL SIGQUIT
ENTRYPOINT ["nginx", "-c", "/etc/portico/live/nginx.conf", "-g", "daemon off;"]
