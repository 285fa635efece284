// The one pipeline of authentication: every lookup begins as soon as its question is known. SPF and the
// client's name at MAIL FROM; DKIM and ARC keys and the DMARC walk at the end of the header, while the body
// still streams; alignment when all results are there. One instance a message, on one executor.
#pragma once

#include "auth/authentication_options.hpp"
#include "auth/evidence.hpp"
#include "auth/message/header_block.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"
#include "dns/task_group.hpp"
#include "dns/turns.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace gatepost::auth {

// Who sends: what the connection and the envelope say.
struct Sender {
    dns::IpAddress client_ip;
    std::string helo;
    std::string mail_from;       // without brackets, empty for <>
    bool client_hidden = false;  // client_ip is not the client's: SPF and iprev are not evaluated
};

class EvidenceGatherer {
  public:
    // `resolver` outlives the executor's last task. `receiver`: our host name, for SPF's %{r}. `turns`: on
    // the same executor, or of nobody.
    EvidenceGatherer(boost::asio::any_io_executor executor, dns::Resolver& resolver,
                     AuthenticationOptions options, std::string receiver, dns::Turns turns = {});
    // The same with a resolver that is kept as long as any lookup needs it.
    EvidenceGatherer(boost::asio::any_io_executor executor, std::shared_ptr<dns::Resolver> resolver,
                     AuthenticationOptions options, std::string receiver, dns::Turns turns = {});
    // Lookups still running are cancelled; they end on the executor and refer to nothing of the owner's.
    ~EvidenceGatherer();
    EvidenceGatherer(const EvidenceGatherer&) = delete;
    EvidenceGatherer& operator=(const EvidenceGatherer&) = delete;

    // In this order, the first three once each, body() for each chunk of the body (dot-stuffing undone, CRLF
    // line ends). Each stage has a budget of its own: a client that is slow to send, or a header that is long
    // to read, spends no lookup's time. begin() and look_up() never suspend: what the DNS has to be waited
    // for, or takes more than a slice of time, goes on by itself. header() gives turns.
    boost::asio::awaitable<void> begin(Sender sender, std::chrono::system_clock::time_point now,
                                       dns::QueryBudget budget);
    boost::asio::awaitable<void> header(HeaderBlockPtr header, std::chrono::system_clock::time_point now);
    boost::asio::awaitable<void> look_up(dns::QueryBudget budget);
    void body(std::string_view chunk);

    // Waits for what is still running and joins it. Once, after the last chunk. Where DMARC passes, nothing
    // more is waited for: a client name that is still being looked up is left out (result none).
    boost::asio::awaitable<Evidence> finish(dns::QueryBudget budget);

  private:
    struct State;
    dns::BudgetedResolver& within(dns::QueryBudget budget);
    boost::asio::any_io_executor executor_;
    std::shared_ptr<State> state_;
    dns::TaskGroup verdict_tasks_;  // SPF of MAIL FROM, DKIM and ARC keys, DMARC discovery
    dns::TaskGroup side_tasks_;     // SPF of HELO, iprev: they inform, and corroborate a failure
};

// All stages for a message that is there as a whole, each with `budget`. `body` must stay until then.
boost::asio::awaitable<Evidence> gather_evidence(EvidenceGatherer& gatherer, Sender sender,
                                                 HeaderBlockPtr header, std::string_view body,
                                                 std::chrono::system_clock::time_point now,
                                                 dns::QueryBudget budget);

// What lists and forwarders left in the header: ARC, List-* and Resent-* fields, the domain of the List-Id.
IndirectFlow find_indirect_flow(const HeaderBlock& header);

}  // namespace gatepost::auth
