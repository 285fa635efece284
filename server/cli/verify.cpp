#include "server/cli/verify.hpp"

#include "server/cli/account.hpp"
#include "server/cli/check_config.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/examine.hpp"
#include "server/cli/message_file.hpp"
#include "server/cli/resolver.hpp"
#include "server/runtime.hpp"

#include "config/address.hpp"
#include "config/config.hpp"

#include "policy/address_form.hpp"
#include "policy/facts.hpp"

#include "dns/idna.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>

#include <exception>
#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

namespace gatepost::server::cli {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

// Without a configuration: the defaults, under this machine's name.
config::Config default_config() {
    config::Config config;
    const auto name = config::parse_host_name(boost::asio::ip::host_name());
    config.hostname = name ? name->text() : "localhost";
    config.authserv_id = config.hostname;
    return config;
}

// Without a configuration no domain is ours: then every recipient is at one that is.
std::shared_ptr<const smtp::SessionOptions> session_options(const VerifyOptions& options,
                                                            const config::Config& config) {
    auto session = std::make_shared<smtp::SessionOptions>(make_session_options(config, smtp::TlsMode::off));
    if (options.config) return session;
    for (const std::string& recipient : options.rcpt_to)
        if (const auto domain = dns::to_ascii(recipient.substr(recipient.rfind('@') + 1)))
            session->domains.push_back(*domain);
    return session;
}

// As the server asks for a client that connects from this address.
smtp::ClientLeave client_leave(const VerifyOptions& options, const config::Config& config, TimePoint now) {
    smtp::ClientLeave leave;
    leave.forgiven_by = [&options, &config, now](policy::Forgiven what, std::string_view mail_from) {
        policy::Facts facts;
        facts.client_ip = options.ip;
        facts.helo = options.helo;
        facts.mail_from = mail_from;
        facts.today = std::chrono::floor<std::chrono::days>(now);
        return policy::address_form_forgiven_by(what, facts, config.policy);
    };
    return leave;
}

Account examine_file(const VerifyOptions& options, std::shared_ptr<const config::Config> config,
                     SpokenEnvelope spoken, const MessageFile& message, TimePoint now) {
    boost::asio::io_context context;
    CommandResolver resolver(context.get_executor(), config->dns, options.dns);
    // Shares nothing: the resolver is ours, and outlives the context's last task.
    std::shared_ptr<dns::Resolver> asked(std::shared_ptr<void>(), &resolver.get());
    Submission mail{options.ip, options.helo, std::move(spoken), message.octets};
    Account account;
    auto done = [&](std::exception_ptr error, Account found) {
        if (error) std::rethrow_exception(error);
        account = std::move(found);
        context.stop();  // the resolver's connections stay open for further questions: there are none
    };
    auto examining =
        examine(context.get_executor(), std::move(asked), std::move(config), std::move(mail), now);
    boost::asio::co_spawn(context, std::move(examining), done);
    context.run();
    return account;
}

}  // namespace

int verify(const VerifyOptions& options, TimePoint clock, std::istream& in, std::ostream& out,
           std::ostream& err) {
    const TimePoint now = options.at.value_or(clock);
    auto config = default_config();
    if (options.config) {
        auto loaded = load_config(*options.config, std::chrono::floor<std::chrono::days>(now), err);
        if (!loaded) return exit_usage;
        config = std::move(*loaded);
    }
    auto spoken = speak_envelope(session_options(options, config), client_leave(options, config, now),
                                 options.helo, options.mail_from, options.rcpt_to);
    if (!spoken.bad_argument.empty()) {
        err << "gatepost: " << spoken.bad_argument << '\n';
        return exit_usage;
    }
    const auto message = read_message_file(options.message, config.limits.message_size, in, err);
    if (!message) return exit_failed;

    const auto shared = std::make_shared<const config::Config>(std::move(config));
    const Account account = examine_file(options, shared, std::move(spoken), *message, now);
    if (options.json) {
        out << account_json(account) << '\n';
    } else {
        if (message->converted)
            out << "Note: every line ended in a bare LF; all became CRLF, as mail travels.\n";
        out << account_text(account);
    }
    return account.decision.action == policy::Action::accept ? exit_fine : exit_failed;
}

}  // namespace gatepost::server::cli
