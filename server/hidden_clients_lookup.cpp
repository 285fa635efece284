#include "server/hidden_clients_lookup.hpp"

#include "server/log.hpp"

#include "dns/budgeted_resolver.hpp"

#include <algorithm>

namespace gatepost::server {
namespace asio = boost::asio;
namespace {

constexpr auto question_time = std::chrono::seconds(10);  // local: nobody waits for it

}  // namespace

asio::awaitable<void> ask_for_helo_name(Services& services, dns::IpAddress client, dns::DomainName name) {
    const dns::QueryBudget budget{1, std::chrono::steady_clock::now() + question_time};
    dns::BudgetedResolver resolver(services.executor, services.resolver, budget);
    const dns::RrType type = client.is_v4() ? dns::RrType::a : dns::RrType::aaaa;
    const dns::AnswerPtr answer = co_await resolver.query(name, type);
    if (answer->failed()) co_return;  // trouble proves nothing
    const auto& records = answer->records;
    if (std::find(records.begin(), records.end(), dns::RecordData(client)) != records.end()) co_return;
    const auto now = std::chrono::steady_clock::now();
    tell_hidden_clients(services, services.clients.hidden.does_not_resolve(client, name, now));
}

void tell_hidden_clients(Services& services, HiddenClients::News news) {
    if (news == HiddenClients::News::none) return;
    const auto gateway = services.clients.hidden.hidden();
    LogEntry entry(gateway ? "clients_hidden" : "clients_visible", LogLevel::warning);
    if (gateway) {
        entry.with("address", gateway->text()).with("problem", hidden_clients_remedy(*gateway));
        services.metrics.count_client(ClientEvent::clients_hidden);
    }
    services.log.write(entry);
}

std::string hidden_clients_remedy(const dns::IpAddress& gateway) {
    return "the addresses of clients are hidden behind " + gateway.text() +
           ": give the container the host's network or let the proxy send the PROXY protocol "
           "(listeners[].proxy_protocol); until then mail from this address is judged without SPF, client_ip "
           "and "
           "own_networks, and tagged instead of refused";
}

}  // namespace gatepost::server
