# One program in a small image. The build steps are those of docs/ (by hand: the RUN line below, with perl and make installed).
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --features pg-tls && cp target/dist/outlay /usr/local/bin/outlay

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/outlay outlay
# Whom to trust when an SDK or a mail server is reached over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/bin/outlay /usr/local/bin/outlay
USER outlay
WORKDIR /var/lib/outlay
VOLUME /var/lib/outlay
EXPOSE 8080
ENTRYPOINT ["outlay"]
CMD ["serve"]
