#include "server/runtime.hpp"

namespace gatepost::server {

namespace {

bool load_certificates(const config::Config& config, Runtime& runtime, std::string& problem) {
    if (config.tls.configured()) {
        runtime.tls = TlsContext::load(config.tls, runtime.ticket_keys, problem);
        if (!runtime.tls) return false;
    }
    if (config.relay.tls != config::RelayTls::off) {
        runtime.relay_tls = TlsClientContext::load(config.relay, problem);
        if (!runtime.relay_tls) return false;
    }
    return true;
}

}  // namespace

smtp::SessionOptions make_session_options(const config::Config& config, smtp::TlsMode mode) {
    smtp::SessionOptions options;
    options.hostname = config.hostname;
    options.domains = config.domains;
    options.unqualified_domain = config.policy.unqualified_domain;
    options.routed_local_parts = config.policy.routed_local_parts == policy::RoutedLocalParts::accept;
    options.limits.message_size = config.limits.message_size;
    options.limits.recipients = config.limits.recipients;
    options.limits.messages_per_connection = config.limits.messages_per_connection;
    options.limits.errors_per_connection = config.limits.errors_per_connection;
    options.tls = mode;
    return options;
}

RuntimePtr make_runtime(config::Config config, std::string& problem,
                        std::shared_ptr<TicketKeys> ticket_keys) {
    auto runtime = std::make_shared<Runtime>();
    runtime->ticket_keys = ticket_keys ? std::move(ticket_keys) : std::make_shared<TicketKeys>();
    if (!load_certificates(config, *runtime, problem)) return nullptr;
    const auto options_for = [&](smtp::TlsMode mode) {
        return std::make_shared<smtp::SessionOptions>(make_session_options(config, mode));
    };
    runtime->without_tls = options_for(smtp::TlsMode::off);
    runtime->with_starttls = options_for(runtime->tls ? smtp::TlsMode::starttls : smtp::TlsMode::off);
    runtime->with_required_tls = options_for(smtp::TlsMode::required);
    runtime->with_implicit_tls = options_for(smtp::TlsMode::implicit);
    runtime->config = std::move(config);
    return runtime;
}

RuntimePtr with_fresh_certificates(const Runtime& in_force, std::string& problem) {
    auto fresh = std::make_shared<Runtime>(in_force);
    if (!load_certificates(fresh->config, *fresh, problem)) return nullptr;
    return fresh;
}

std::shared_ptr<const smtp::SessionOptions> Runtime::session_options(config::ListenerTls mode) const {
    switch (mode) {
        case config::ListenerTls::off:
            return without_tls;
        case config::ListenerTls::starttls:
            return with_starttls;
        case config::ListenerTls::required:
            return with_required_tls;
        case config::ListenerTls::implicit:
            return with_implicit_tls;
    }
    return with_required_tls;
}

}  // namespace gatepost::server
