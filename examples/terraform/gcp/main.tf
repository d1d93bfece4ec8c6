# The host of the runner and the delegate. It stands beside the module that makes the network and the pool.
locals {
  pool = yamldecode(var.pool_yaml)
  # The module stamps each plan with the time, and names the key by its path on the machine that ran Terraform.
  pool_for_host = merge({ for key, value in local.pool : key => value if key != "timestamp" }, {
    instances = [for instance in local.pool.instances : merge(instance, {
      spec = merge(instance.spec, {
        account = { for key, value in instance.spec.account : key => value if key != "json_path" || var.keep_json_path }
      })
    })]
  })
  values = {
    document       = var.document
    pool           = yamlencode(local.pool_for_host)
    package_url    = var.package_url
    package_sha256 = var.package_sha256
  }
}

resource "google_service_account" "host" {
  project      = var.project
  account_id   = var.name
  display_name = "Gitspaces host ${var.name}"
}

# One secret, and only to read it.
resource "google_secret_manager_secret_iam_member" "token" {
  project   = var.project
  secret_id = var.token_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.host.member
}

# What the runner does in the project: make, stop, start and delete the VMs of Gitspaces. Every container on the host can ask
# the metadata server for this identity.
resource "google_project_iam_member" "runner" {
  count   = var.grant_compute_admin ? 1 : 0
  project = var.project
  role    = "roles/compute.instanceAdmin.v1"
  member  = google_service_account.host.member
}

resource "google_compute_instance" "host" {
  project             = var.project
  name                = var.name
  zone                = var.zone
  machine_type        = var.machine_type
  tags                = var.network_tags
  deletion_protection = var.deletion_protection

  boot_disk {
    initialize_params {
      image = var.image
      size  = var.disk_gb
      type  = "pd-balanced"
    }
  }

  # No access_config: the VM has no address on the internet. Out it goes by the module's NAT, in it lets nobody.
  network_interface {
    subnetwork = var.subnetwork
  }

  service_account {
    email  = google_service_account.host.email
    scopes = ["cloud-platform"] # what it may do, the roles above say
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  # user-data is for images with cloud-init. Google's Debian images have none: they run startup-script, which does the same.
  metadata = {
    user-data              = templatefile("${path.module}/user-data.yaml.tftpl", local.values)
    startup-script         = templatefile("${path.module}/startup-script.sh.tftpl", local.values)
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
  }

  # Both are for the first boot: from then on the host follows its document, and a change here would change nothing on it.
  # A newer image is no reason to lose the runner's database either. A new host is made by terraform apply -replace=….
  lifecycle {
    ignore_changes = [metadata["user-data"], metadata["startup-script"], boot_disk[0].initialize_params[0].image]
  }

  depends_on = [google_secret_manager_secret_iam_member.token, google_project_iam_member.runner]
}
