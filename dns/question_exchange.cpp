#include "dns/question_exchange.hpp"

#include "dns/name_case.hpp"
#include "dns/reply_matcher.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

// The servers in the order in which they are asked: those that live before the others, the fastest first.
// What is known of a server that was passed over ages, so that it is asked again some day.
std::vector<ServerOutlook> outlook(Network& network) {
    const auto now = QuestionExchange::Clock::now();
    std::vector<ServerOutlook> servers(network.servers.size());
    for (std::size_t i = 0; i < servers.size(); ++i) {
        NameServer& server = *network.servers[i];
        servers[i].server = i;
        servers[i].alive = server.timing.alive();
        servers[i].stream = server.address.tls;
        servers[i].edns = server.abilities.edns_use(now);
        servers[i].hedge_after = std::chrono::ceil<milliseconds>(server.timing.hedge_after());
        servers[i].retry_after = std::chrono::ceil<milliseconds>(server.timing.retry_after());
    }
    if (servers.size() == 1) return servers;
    std::stable_sort(servers.begin(), servers.end(), [&](const ServerOutlook& a, const ServerOutlook& b) {
        if (a.alive != b.alive) return a.alive;
        if (!a.alive) return false;
        return network.servers[a.server]->timing.smoothed() < network.servers[b.server]->timing.smoothed();
    });
    for (std::size_t place = 1; place < servers.size(); ++place) {
        ServerTiming& timing = network.servers[servers[place].server]->timing;
        timing.age();
        servers[place].probe = servers[0].alive && timing.take_probe(now);
    }
    return servers;
}

}  // namespace

Network::Network(boost::asio::any_io_executor own, const ResolverOptions& options, RandomSource& generator,
                 StreamMaker maker)
    : executor(std::move(own)), random(generator), make_stream(std::move(maker)) {
    for (const ServerAddress& address : options.servers)
        servers.push_back(std::make_unique<NameServer>(address));
}

struct QuestionExchange::Try {
    QueryStep step;
    Query query;
    Clock::time_point sent;
    UdpExchange udp;
    std::optional<StreamExchange::Ticket> ticket;
    bool over = false;  // something came of it
    bool format_error = false;
};

QuestionExchange::QuestionExchange(Network& network, HeldPlaces& places, DomainName name, RrType type,
                                   milliseconds bound, std::function<void()> wake)
    : network_(network),
      places_(places),
      name_(std::move(name)),
      type_(type),
      start_(Clock::now()),
      schedule_(outlook(network), bound),
      wake_(std::move(wake)) {}

QuestionExchange::~QuestionExchange() {
    for (const Try& one : tries_) {
        const NameServer& server = *network_.servers[one.step.server];
        if (one.ticket && server.stream) server.stream->forget(*one.ticket);
    }
}

milliseconds QuestionExchange::elapsed() const {
    return std::chrono::floor<milliseconds>(Clock::now() - start_);
}

bool QuestionExchange::advance() {
    while (!answer_) {
        const auto step = schedule_.next(elapsed());
        if (!step) break;
        begin(*step);
    }
    return !answer_ && !schedule_.over(elapsed());
}

Query QuestionExchange::make_query(const QueryStep& step, NameServer& server) {
    const Clock::time_point now = Clock::now();
    Query query;
    query.id = network_.random.draw_16_bits();
    query.name = name_;
    query.type = type_;
    query.edns = step.edns;
    query.authentic_data = believes_authentic_data(server.address);
    if (server.address.tls) return query;  // what TLS brings needs no further proof
    if (server.abilities.keeps_case(now)) query.spelling = mix_case(name_, network_.random);
    if (step.edns) query.cookie = server.abilities.cookie(now, network_.random);
    return query;
}

void QuestionExchange::begin(const QueryStep& step) {
    NameServer& server = *network_.servers[step.server];
    const std::size_t tag = tries_.size();
    Try& one = tries_.emplace_back();
    one.step = step;
    one.query = make_query(step, server);
    one.sent = Clock::now();
    ++server.queries;
    if (step.transport == Transport::udp)
        begin_udp(one, server, tag);
    else
        begin_stream(one, server, tag);
}

// Where sockets are scarce a later try takes the place of the first one, whose answer is least to be hoped
// for: another question must not wait for our second chance.
void QuestionExchange::make_room_for_a_socket() {
    const auto is_open = [](const Try& one) {
        return one.udp.open();
    };
    const auto open = std::count_if(tries_.begin(), tries_.end(), is_open);
    if (places_.allows_one_more(static_cast<std::size_t>(open))) return;
    const auto oldest = std::find_if(tries_.begin(), tries_.end(), is_open);
    if (oldest != tries_.end()) oldest->udp.close();
}

void QuestionExchange::begin_udp(Try& one, NameServer& server, std::size_t tag) {
    make_room_for_a_socket();
    const std::vector<std::uint8_t> octets = encode_query(one.query);
    const auto error = one.udp.start(network_.executor, server.address, octets, network_.random, *this, tag);
    if (!error) return;
    server.timing.on_unreachable(one.sent);
    fail(one, Trouble::unreachable, error.message());
}

void QuestionExchange::begin_stream(Try& one, NameServer& server, std::size_t tag) {
    ++server.over_stream;
    if (!server.stream && !network_.closed) server.stream = network_.make_stream(server.address);
    if (server.stream) one.ticket = server.stream->ask(one.query, *this, tag);
    if (!one.ticket) {
        fail(one, Trouble::unspecified, "too many queries on their way");
        return;
    }
    one.query.id = one.ticket->id;
}

ExchangeListener::Verdict QuestionExchange::on_message(std::size_t tag, Octets message) {
    Try& one = tries_[tag];
    const Verdict verdict = judge(one, message);
    if (verdict == Verdict::mismatch) {
        ++network_.servers[one.step.server]->mismatches;
        return verdict;
    }
    one.over = true;
    one.ticket.reset();
    wake_();
    return verdict;
}

ExchangeListener::Verdict QuestionExchange::judge(Try& one, Octets message) {
    const bool over_tcp = one.step.transport == Transport::tcp;
    ServerAbilities& abilities = network_.servers[one.step.server]->abilities;
    switch (match_reply(message, one.query)) {
        case ReplyMatch::not_ours:
            if (over_tcp) return fail(one, Trouble::malformed, "a reply to another question");
            return Verdict::mismatch;
        case ReplyMatch::malformed:
            if (over_tcp) return fail(one, Trouble::malformed, "malformed reply");
            return unproven(one, "a reply without its question");
        case ReplyMatch::folded:
            abilities.on_case_folded(way_of(one), Clock::now());
            if (!over_tcp) return unproven(one, "a reply in another case");
            break;
        case ReplyMatch::ours:
            abilities.on_case_kept(one.query);
            break;
    }
    return judge_reply(one, read_reply(message, one.query));
}

ServerAbilities::Way QuestionExchange::way_of(const Try& one) {
    if (one.step.transport == Transport::tcp) return ServerAbilities::Way::tcp;
    return one.udp.mismatches() == 0 ? ServerAbilities::Way::udp_alone
                                     : ServerAbilities::Way::udp_among_others;
}

// The reply matches; whether it is from the server, its cookie says.
ExchangeListener::Verdict QuestionExchange::judge_reply(Try& one, Reply reply) {
    const bool over_tcp = one.step.transport == Transport::tcp;
    const bool read = reply.kind != Reply::Kind::truncated && reply.kind != Reply::Kind::malformed;
    ServerAbilities& abilities = network_.servers[one.step.server]->abilities;
    if (read) {
        switch (abilities.check_cookie(one.query, reply.options, way_of(one), Clock::now())) {
            case CookieCheck::wrong:
                if (!over_tcp) return Verdict::mismatch;
                return fail(one, Trouble::malformed, "a reply with another cookie");
            case CookieCheck::missing:
                if (!over_tcp) return unproven(one, "a reply without its cookie");
                break;
            case CookieCheck::fine:
                break;
        }
        if (reply.kind != Reply::Kind::format_error)
            abilities.on_options(one.query, reply.options, Clock::now());
    }
    heard(one);
    return settle(one, std::move(reply));
}

// The reply is the server's.
ExchangeListener::Verdict QuestionExchange::settle(Try& one, Reply reply) {
    NameServer& server = *network_.servers[one.step.server];
    const bool over_tcp = one.step.transport == Transport::tcp;
    switch (reply.kind) {
        case Reply::Kind::answer:
            ++server.answers;
            if (!one.query.edns) learn_plain_answer(one, server);
            answer_ = std::move(reply);
            return Verdict::taken;
        case Reply::Kind::truncated:
            if (over_tcp) break;
            schedule_.report(one.step, StepResult::truncated, elapsed());
            return Verdict::taken;
        case Reply::Kind::format_error:
            one.format_error = true;
            if (!one.query.edns) break;
            schedule_.report(one.step, StepResult::format_error, elapsed());
            return Verdict::taken;
        case Reply::Kind::bad_cookie:
            note(reply.trouble, reply.detail, server);
            schedule_.report(one.step, StepResult::bad_cookie, elapsed());
            return Verdict::taken;
        case Reply::Kind::failure:
        case Reply::Kind::malformed:
            break;
    }
    return fail(one, reply.trouble, reply.detail);
}

// Answered without EDNS: was it EDNS that it did not understand?
void QuestionExchange::learn_plain_answer(const Try& one, NameServer& server) {
    bool asked_with = false;
    bool format_error = false;
    for (const Try& other : tries_) {
        if (other.step.server != one.step.server || !other.query.edns) continue;
        asked_with = true;
        format_error = format_error || other.format_error;
    }
    if (asked_with) server.abilities.on_plain_answer(format_error, Clock::now());
}

void QuestionExchange::heard(const Try& one) {
    NameServer& server = *network_.servers[one.step.server];
    const Clock::time_point now = Clock::now();
    server.timing.on_reply(std::chrono::duration_cast<ServerTiming::Duration>(now - one.sent), now);
    server.round_trip = server.timing.smoothed().count();
    server.alive = true;
}

ExchangeListener::Verdict QuestionExchange::unproven(Try& one, const std::string& detail) {
    NameServer& server = *network_.servers[one.step.server];
    note(Trouble::forged, detail, server);
    ++server.mismatches;
    schedule_.report(one.step, StepResult::unproven, elapsed());
    return Verdict::taken;
}

ExchangeListener::Verdict QuestionExchange::fail(Try& one, Trouble trouble, const std::string& detail) {
    NameServer& server = *network_.servers[one.step.server];
    one.over = true;
    ++(trouble == Trouble::timeout ? server.timeouts : server.failures);
    note(trouble, detail, server);
    schedule_.report(one.step, StepResult::failed, elapsed());
    return Verdict::taken;
}

void QuestionExchange::on_failure(std::size_t tag, Trouble trouble, const std::string& detail) {
    Try& one = tries_[tag];
    NameServer& server = *network_.servers[one.step.server];
    one.ticket.reset();
    if (trouble == Trouble::forged) {
        one.over = true;
        unproven(one, detail);
    } else {
        const bool sole_way = one.step.transport == Transport::udp || server.address.tls;
        if (trouble == Trouble::unreachable && sole_way) server.timing.on_unreachable(Clock::now());
        if (trouble == Trouble::timeout) charge_silence(one);
        fail(one, trouble, detail);
    }
    server.alive = server.timing.alive();
    wake_();
}

void QuestionExchange::note(Trouble trouble, const std::string& what, const NameServer& server) {
    trouble_ = std::min(trouble_, trouble);  // the one that tells most stands first
    const auto add = [](std::string& list, const std::string& item) {
        if (list.find(item) != std::string::npos) return;
        if (!list.empty()) list += "; ";
        list += item;
    };
    add(details_, what);
    add(servers_, what + " from " + server.text);
}

// Whether the try was left unanswered for longer than its server takes.
bool QuestionExchange::charge_silence(const Try& one) {
    NameServer& server = *network_.servers[one.step.server];
    const Clock::time_point now = Clock::now();
    const auto waited = std::chrono::duration_cast<ServerTiming::Duration>(now - one.sent);
    if (waited < server.timing.hedge_after()) return false;
    server.timing.on_silence(waited, now);
    server.round_trip = server.timing.smoothed().count();
    server.alive = server.timing.alive();
    return true;
}

Reply QuestionExchange::finish() {
    for (Try& one : tries_) {
        if (std::exchange(one.over, true)) continue;
        NameServer& server = *network_.servers[one.step.server];
        if (charge_silence(one) || !answer_) ++server.timeouts;
        if (!answer_) note(Trouble::timeout, "timeout", server);
    }
    if (answer_) return std::move(*answer_);
    Reply reply;
    reply.kind = Reply::Kind::failure;
    reply.trouble = details_.empty() ? Trouble::timeout : trouble_;
    reply.detail = details_.empty() ? "no time left" : details_;
    reply.servers = servers_;
    return reply;
}

}  // namespace gatepost::dns
