# Runs NGINX on the ports that hold.pl owns, and decides how it ends.
# QUIT, as Docker sends it: a successor is there already, so all requests in flight may finish, however long they take.
# TERM, or when the holder ends: requests in flight have 0.2 s, which is enough for most, and are cut then.
# When the ports have moved, those finish too: the holder says so by a byte, and waits.
# NGINX also starts where there is no holder yet; it is started again once there is one.
# take.pl FILE COMMAND...   FILE is NGINX's configuration; the variable PLACE says where the holder is asked
use strict;
use warnings;
use POSIX ();
use Socket;

my ($file, @command) = @ARGV;
my $place = $ENV{PLACE};
my %calls = (x86_64 => 47, aarch64 => 212, riscv64 => 212);
my $recvmsg = $calls{(POSIX::uname())[4]} or die "take.pl does not know this machine's system calls\n";
my ($holder, $nginx);
my $end = '';

# A signal wakes the select below, also when it comes just before it.
pipe(my $woken, my $waker) or die "pipe: $!\n";
sub on { my ($name, $do) = @_; $SIG{$name} = sub { $do->(); syswrite $waker, '.' } }
on(CHLD => sub { });
# A holder that ends may be asked just then.
$SIG{PIPE} = 'IGNORE';
on(TERM => sub { $end = 'cut' });
on(QUIT => sub { $end ||= 'quit'; kill QUIT => $nginx if $nginx });
for my $name (qw(HUP USR1)) { on($name => sub { kill $name => $nginx if $nginx }) }

sub count_workers {
    open my $lines, '<', $file or return 1;
    return (map { /^worker_processes\s+(\d+)/ ? $1 : () } <$lines>)[0] || 1;
}

# The sockets' numbers; none where nobody holds the ports.
sub take {
    socket($holder, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    if (connect($holder, pack_sockaddr_un($place)) && syswrite $holder, chr count_workers()) {
        my ($byte, $control) = (' ', "\0" x 1040);
        my $part = pack 'PQ', $byte, 1;
        my $message = pack 'QL x4 PQ PQ l x4', 0, 0, $part, 1, $control, length $control, 0;
        if (syscall($recvmsg, fileno $holder, $message, 0) == 1) {
            return unpack 'l*', substr $control, 16, unpack('Q', $control) - 16;
        }
    }
    undef $holder;
    return ();
}

sub start {
    my @sockets = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(CHLD PIPE TERM QUIT HUP USR1);
        # As for a new binary of its own: NGINX takes these instead of opening them.
        @sockets ? ($ENV{NGINX} = join '', map { "$_;" } @sockets) : delete $ENV{NGINX};
        exec @command or die "$command[0]: $!\n";
    }
    POSIX::close($_) for @sockets;
    return $pid;
}

sub cut {
    kill QUIT => $nginx;
    select undef, undef, undef, 0.2;
    kill TERM => $nginx;
}

# The sockets that NGINX is to be started with again. Where it ended, or was asked to end, this ends with it.
sub await {
    my ($gone, $moved, $cut) = (0, 0, 0);
    while (waitpid($nginx, POSIX::WNOHANG()) == 0) {
        if (($gone || $end eq 'cut') && !$cut++) { cut() }
        my $ready = '';
        vec($ready, fileno $_, 1) = 1 for $woken, $holder && !$gone ? $holder : ();
        if (select($ready, undef, undef, $holder ? 1 : 0.2) > 0) {
            sysread $woken, my $bytes, 64 if vec $ready, fileno $woken, 1;
            if ($holder && !$gone && vec $ready, fileno $holder, 1) {
                if (sysread $holder, my $byte, 1) { $moved = 1; kill QUIT => $nginx }
                else { $gone = 1 }
            }
        }
        if (!$holder && !$end && (my @sockets = take())) {
            cut();
            waitpid $nginx, 0;
            return @sockets;
        }
    }
    my $status = $?;
    exit($status & 127 ? 128 + ($status & 127) : $status >> 8) if $end || !$gone && !$moved;
    # The holder waits for this: all connections are closed.
    undef $holder;
    return take();
}

my @sockets = take();
while (1) {
    $nginx = start(@sockets);
    kill QUIT => $nginx if $end;
    @sockets = await();
}
