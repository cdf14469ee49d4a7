# Owns the public ports: opens them once, and hands them to every NGINX that asks at the socket PLACE.
# So one NGINX takes another's place while clients wait in the same queue, and none of them is turned away.
# When it ends, a successor mostly waits for the same ports, so NGINX must let go of them at once. Where another holder
# is there already, the public port has moved: nobody waits, and NGINX ends all requests in flight first.
# hold.pl PLACE PORT...   a port such as 8080, or 8443/udp; the other holders' places are beside PLACE
use strict;
use warnings;
use Fcntl;
use POSIX ();
use Socket;

my ($place, @ports) = @ARGV;
my %calls = (x86_64 => 46, aarch64 => 211, riscv64 => 211);
my $sendmsg = $calls{(POSIX::uname())[4]} or die "hold.pl does not know this machine's system calls\n";

sub open_port {
    my ($port, $kind) = @_;
    socket(my $socket, PF_INET, $kind, 0) or die "socket: $!\n";
    # NGINX takes this for granted. Of two workers that one client wakes, the slower would wait here for the next one.
    fcntl($socket, F_SETFL, O_NONBLOCK) or die "fcntl: $!\n";
    # Datagrams go to whoever opened last; streams have one queue for all.
    setsockopt($socket, SOL_SOCKET, $kind == SOCK_DGRAM ? SO_REUSEPORT : SO_REUSEADDR, 1) or die "port $port: $!\n";
    bind($socket, pack_sockaddr_in($port, INADDR_ANY)) or die "port $port: $!\n";
    listen($socket, 511) or die "port $port: $!\n" if $kind == SOCK_STREAM;
    return $socket;
}

# Perl has no word for passing a socket on, so this is struct msghdr as the kernel reads it.
sub hand_over {
    my ($peer, @sockets) = @_;
    my @numbers = map { fileno $_ } @sockets;
    my $byte = '.';
    my $part = pack 'PQ', $byte, 1;
    my $control = pack 'Qll l*', 16 + 4 * @numbers, SOL_SOCKET, 1, @numbers;
    $control .= "\0" x (-length($control) % 8);
    my $message = pack 'QL x4 PQ PQ l x4', 0, 0, $part, 1, $control, length $control, 0;
    return syscall($sendmsg, fileno $peer, $message, 0) == 1;
}

sub has_moved {
    my ($folder, $own) = $place =~ m{(.*)/(.*)};
    opendir my $places, $folder or return 0;
    for my $other (grep { !/^\./ && $_ ne $own } readdir $places) {
        # What a holder has left that is gone refuses.
        socket(my $peer, PF_UNIX, SOCK_STREAM, 0) or next;
        fcntl($peer, F_SETFL, O_NONBLOCK) or next;
        return 1 if connect $peer, pack_sockaddr_un("$folder/$other");
    }
    return 0;
}

my @streams = map { open_port($_, SOCK_STREAM) } grep { !m{/udp$} } @ports;
my @datagrams = map { m{^(\d+)/udp$} ? $1 : () } @ports;
unlink $place;
socket(my $door, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
bind($door, pack_sockaddr_un($place)) && listen($door, 16) or die "$place: $!\n";

my ($end, $moved, @takers);
$SIG{TERM} = $SIG{INT} = sub { $end ||= time + 2 };
$SIG{PIPE} = 'IGNORE';
until ($end && ($end < time || !@takers)) {
    # Whoever took the ports hears that they go, and ends its connections while they still lead somewhere.
    if ($end && !defined $moved && ($moved = has_moved())) {
        ($end, @streams) = (time + 3600);
        syswrite $_, '.' for @takers;
    }
    if ($end && !$moved) { shutdown $_, 1 for @takers }
    my $ready = '';
    vec($ready, fileno $_, 1) = 1 for $end ? () : $door, @takers;
    next unless select($ready, undef, undef, 0.5) > 0;
    @takers = grep { !vec($ready, fileno $_, 1) || sysread($_, my $byte, 1) } @takers;
    next if $end || !vec($ready, fileno $door, 1);
    accept(my $taker, $door) or next;
    # One byte says how many workers want datagrams: each has a socket of its own, which nobody else keeps.
    sysread($taker, my $byte, 1) or next;
    my @own = map { my $port = $_; map { open_port($port, SOCK_DGRAM) } 1 .. ord $byte } @datagrams;
    push @takers, $taker if hand_over($taker, @streams, @own);
}
unlink $place;
