# The host of the runner and the delegate. It stands beside the module that makes the network and the pool.
data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"] # Debian
  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

# Every container on the host can ask the metadata service for this role.
data "aws_iam_policy_document" "host" {
  statement {
    sid       = "ReadTheDelegateToken"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.token_secret_arn]
  }

  dynamic "statement" {
    for_each = var.token_kms_key_arn == "" ? [] : [var.token_kms_key_arn]
    content {
      sid       = "DecryptTheDelegateToken"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }

  # What drone-runner-aws 1.0.0-rc.310 calls; a pool that names its security groups needs no leave to make any.
  statement {
    sid = "MakeGitspaces"
    actions = [
      "ec2:AttachVolume",
      "ec2:CancelCapacityReservation",
      "ec2:CreateCapacityReservation",
      "ec2:CreateTags",
      "ec2:CreateVolume",
      "ec2:DeleteVolume",
      "ec2:DescribeImages",
      "ec2:DescribeInstances",
      "ec2:DescribeRegions",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeVolumes",
      "ec2:GetConsoleOutput",
      "ec2:RunInstances",
      "ec2:StartInstances",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
    ]
    resources = ["*"]
  }

  # Not the host itself.
  statement {
    sid       = "SpareTheHost"
    effect    = "Deny"
    actions   = ["ec2:StopInstances", "ec2:TerminateInstances"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/spacelet-host"
      values   = [var.name]
    }
  }
}

resource "aws_iam_role" "host" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "host" {
  name   = "spacelet"
  role   = aws_iam_role.host.id
  policy = data.aws_iam_policy_document.host.json
}

# A shell through Session Manager, instead of SSH and an open port.
resource "aws_iam_role_policy_attachment" "session_manager" {
  role       = aws_iam_role.host.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "host" {
  name = var.name
  role = aws_iam_role.host.name
}

# No ingress at all: neither 22 nor the runner's 3000, which has no authentication.
resource "aws_security_group" "host" {
  name        = var.name
  description = "Gitspaces host: nothing in"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "host" {
  security_group_id = aws_security_group.host.id
  description       = "Harness, registries, AWS, and the lite-engine of Gitspace VMs (9079)"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_instance" "host" {
  ami                         = var.ami_id == "" ? data.aws_ami.debian.id : var.ami_id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [aws_security_group.host.id]
  iam_instance_profile        = aws_iam_instance_profile.host.name
  associate_public_ip_address = false # the module's private subnets would give it one
  disable_api_termination     = var.deletion_protection

  # Version 2 only; two hops, since the runner asks from within a container.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  root_block_device {
    volume_size = var.disk_gb
    volume_type = "gp3"
    encrypted   = true
  }

  # Compressed, which cloud-init knows: AWS takes 16 KiB.
  user_data_base64 = base64gzip(templatefile("${path.module}/user-data.yaml.tftpl", {
    document       = var.document
    pool           = var.pool_yaml
    package_url    = var.package_url
    package_sha256 = var.package_sha256
  }))
  user_data_replace_on_change = false

  tags = {
    Name          = var.name
    spacelet-host = var.name
  }

  # user-data is for the first boot: from then on the host follows its document. Without this a change would stop and start the
  # instance, and change nothing on it. A newer image is no reason to lose the runner's database either. A new host is made by
  # terraform apply -replace=….
  lifecycle {
    ignore_changes = [user_data_base64, ami]
  }

  depends_on = [aws_iam_role_policy.host]
}
