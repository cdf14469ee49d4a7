# Dockerfile of NGINX for hello on ECS, written by Portico. Change the settings and run `pulumi up`.
# --- static files, from the image of the very release that they belong to
ARG APPLICATION
FROM ${APPLICATION} AS files
USER 0
COPY files.py /files.py
RUN mkdir -p /run/portico /srv/static \
    && python3 -I /files.py hello <release of hello> 40870 static /static/ compress '.* *~ #*# *.bak *.old *.orig *.save *.copy *.swp *.swo *.tmp *.rej *.dist *.py *.pyc __pycache__ *.php *.sql *.sqlite *.db *.pem *.key'

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
# Asked last of all, as the user that will run it: files that NGINX refuses make no image, so nobody can deploy them.
RUN nginx -t -c /etc/portico/live/nginx.conf
VOLUME ["/tmp", "/var/cache/nginx", "/var/lib/nginx", "/etc/portico/private"]
# Requests that were taken are answered before it ends.
STOPSIGNAL SIGQUIT
ENTRYPOINT ["nginx", "-c", "/etc/portico/live/nginx.conf", "-g", "daemon off;"]
