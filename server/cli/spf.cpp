#include "server/cli/spf.hpp"

#include "server/cli/account.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/resolver.hpp"

#include "auth/spf/check_host.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>

#include <exception>
#include <ostream>
#include <utility>

namespace gatepost::server::cli {

int spf(const SpfOptions& options, std::chrono::system_clock::time_point now, std::ostream& out) {
    boost::asio::io_context context;
    CommandResolver resolver(context.get_executor(), dns::ResolverOptions(), options.dns);
    auth::spf::Request request(options.ip, options.helo, options.mail_from, boost::asio::ip::host_name(),
                               now);

    auth::spf::Check check;
    auto done = [&](std::exception_ptr error, auth::spf::Check found) {
        if (error) std::rethrow_exception(error);
        check = std::move(found);
        context.stop();  // the resolver's connections stay open for further questions: there are none
    };
    boost::asio::co_spawn(context, auth::spf::check_mail_from(request, resolver.get(), auth::spf::Limits()),
                          done);
    context.run();

    if (options.json)
        out << spf_json(check) << '\n';
    else
        out << spf_text(check);
    switch (check.result) {
        case auth::spf::Result::fail:
        case auth::spf::Result::temperror:
        case auth::spf::Result::permerror:
            return exit_failed;
        default:
            return exit_fine;
    }
}

}  // namespace gatepost::server::cli
